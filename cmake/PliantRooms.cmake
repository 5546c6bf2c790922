# A room of the house: one folder of sources, one static target that links only the rooms below it.
# The objects are kept apart so that the final libraries can be put together from them.

# Flags for our own sources alone; dependencies and users of the library never see them.
add_library(pliant_flags INTERFACE)
target_compile_features(pliant_flags INTERFACE cxx_std_20)
target_include_directories(pliant_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(pliant_flags INTERFACE -Wall -Wextra -Wpedantic -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies in "text" + std::string that are none (GCC bug 105651).
  target_compile_options(pliant_flags INTERFACE -Wno-restrict)
endif()
if(PLIANT_WERROR)
  target_compile_options(pliant_flags INTERFACE -Werror)
endif()
if(PLIANT_SANITIZE)
  target_compile_options(pliant_flags INTERFACE -fsanitize=${PLIANT_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer -g1)
  target_link_options(pliant_flags INTERFACE -fsanitize=${PLIANT_SANITIZE})
endif()

# pliant_room(NAME SOURCES a.cpp ... DEPENDS core ... LINK targets ...)
function(pliant_room name)
  cmake_parse_arguments(room "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(pliant_${name}_objects OBJECT ${room_SOURCES})
  set_target_properties(pliant_${name}_objects PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON CXX_EXTENSIONS OFF)
  target_link_libraries(pliant_${name}_objects PUBLIC pliant_flags ${room_LINK})
  foreach(dependency IN LISTS room_DEPENDS)
    target_link_libraries(pliant_${name}_objects PUBLIC pliant_${dependency}_usage)
  endforeach()

  # What a user of the room needs beside its objects.
  add_library(pliant_${name}_usage INTERFACE)
  target_link_libraries(pliant_${name}_usage INTERFACE ${room_LINK})
  foreach(dependency IN LISTS room_DEPENDS)
    target_link_libraries(pliant_${name}_usage INTERFACE pliant_${dependency}_usage)
  endforeach()

  add_library(pliant_${name} STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:pliant_${name}_objects>)
  target_link_libraries(pliant_${name} PUBLIC pliant_flags pliant_${name}_usage)
  foreach(dependency IN LISTS room_DEPENDS)
    target_link_libraries(pliant_${name} PUBLIC pliant_${dependency})
  endforeach()
endfunction()
