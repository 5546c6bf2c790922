# Puts the two libraries together from the rooms: libpliant (core to runtime) and libpliant_text (models).

# pliant_library(NAME EXPORT_NAME ROOMS core ... LINK public targets ... PRIVATE_LINK targets ... BUILD_LINK targets ...)
# BUILD_LINK: what only this build needs to know; nothing that is installed has it.
function(pliant_library name export_name)
  cmake_parse_arguments(library "" "" "ROOMS;LINK;PRIVATE_LINK;BUILD_LINK" ${ARGN})
  add_library(${name})
  foreach(room IN LISTS library_ROOMS)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:pliant_${room}_objects>)
  endforeach()
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${export_name}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} INSTALL_RPATH "$ORIGIN")
  add_library(Pliant::${export_name} ALIAS ${name})
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_include_directories(${name} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_link_libraries(${name} PUBLIC ${library_LINK} PRIVATE ${library_PRIVATE_LINK})
  foreach(target IN LISTS library_BUILD_LINK)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:${target}>)
  endforeach()
  if(BUILD_SHARED_LIBS)
    # Everything that comes out of an archive (OpenBLAS) stays ours alone.
    set(_map ${PROJECT_SOURCE_DIR}/cmake/libpliant.map)
    target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL -Wl,--version-script,${_map})
    set_target_properties(${name} PROPERTIES LINK_DEPENDS ${_map})
    if(NOT PLIANT_SANITIZE)
      target_link_options(${name} PRIVATE -Wl,--no-undefined)
    endif()
  endif()
  if(PLIANT_SANITIZE)
    target_link_options(${name} PUBLIC -fsanitize=${PLIANT_SANITIZE})
  endif()
endfunction()

pliant_library(pliant pliant
  ROOMS core layers backends runtime
  LINK Threads::Threads
  BUILD_LINK pliant_openblas)

if(PLIANT_TEXT)
  pliant_library(pliant_text text
    ROOMS models
    LINK pliant
    PRIVATE_LINK PliantVision::PliantVision)
endif()

# For the command, which is added after us.
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")

include(PliantInstall)
