# Puts the two libraries together from the rooms: libpliant (core to runtime) and libpliant_text (models).

function(pliant_library name export_name)
  cmake_parse_arguments(library "" "" "ROOMS;LINK;PRIVATE_LINK;HEADERS" ${ARGN})
  add_library(${name})
  foreach(room IN LISTS library_ROOMS)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:pliant_${room}_objects>)
  endforeach()
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${export_name}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  add_library(Pliant::${export_name} ALIAS ${name})
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_include_directories(${name} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC ${library_LINK})
  if(BUILD_SHARED_LIBS)
    # Everything that comes out of an archive (OpenBLAS) stays ours alone.
    target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL -Wl,--no-undefined)
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:${library_PRIVATE_LINK}>)
  else()
    target_link_libraries(${name} PRIVATE ${library_PRIVATE_LINK})
  endif()
  if(PLIANT_SANITIZE)
    target_link_options(${name} PUBLIC -fsanitize=${PLIANT_SANITIZE})
  endif()
endfunction()
