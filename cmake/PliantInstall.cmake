# What `cmake --install` puts where: libraries, public headers, and a CMake package that finds them.
include(CMakePackageConfigHelpers)

set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Pliant)

if(PLIANT_OPENBLAS)
  # It is most of the library's size, has one call at a time, and is slower than our own kernels (docs/performance.md).
  install(CODE "message(STATUS \"OpenBLAS is for tests and experiments, a build with it installs nothing; the presets \
'static' and 'shared' make packages\")")
  return()
endif()

install(FILES LICENSE THIRD_PARTY_NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR})

# pliant_install(TARGET EXPORT_FILE HEADERS pliant/a.hpp ...)
function(pliant_install target export)
  cmake_parse_arguments(install "" "" "HEADERS" ${ARGN})
  install(TARGETS ${target} EXPORT ${export}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  foreach(header IN LISTS install_HEADERS)
    install(FILES include/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pliant)
  endforeach()
  install(EXPORT ${export} NAMESPACE Pliant:: DESTINATION ${_package_dir})
endfunction()

file(GLOB _headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
     ${PROJECT_SOURCE_DIR}/include/pliant/*.hpp ${PROJECT_SOURCE_DIR}/include/pliant/*.h)
set(_text_headers pliant/text_detector.hpp)
list(REMOVE_ITEM _headers ${_text_headers})

pliant_install(pliant PliantTargets HEADERS ${_headers})
set(PLIANT_TEXT_IS_STATIC FALSE)
if(PLIANT_TEXT)
  pliant_install(pliant_text PliantTextTargets HEADERS ${_text_headers})
  if(NOT BUILD_SHARED_LIBS)
    set(PLIANT_TEXT_IS_STATIC TRUE)
    install(FILES cmake/FindPliantVision.cmake DESTINATION ${_package_dir})
  endif()
endif()

configure_package_config_file(cmake/PliantConfig.cmake.in ${PROJECT_BINARY_DIR}/PliantConfig.cmake
  INSTALL_DESTINATION ${_package_dir})
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/PliantConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/PliantConfig.cmake ${PROJECT_BINARY_DIR}/PliantConfigVersion.cmake
  DESTINATION ${_package_dir})

# The same for pkg-config. What a static library leaves open is named in Libs: there is no shared one beside it.
function(pliant_pkg_config file _pc_name _pc_description _pc_requires _pc_libs)
  file(RELATIVE_PATH _pc_up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" _pc_up ${_pc_up})
  configure_file(cmake/pliant.pc.in ${PROJECT_BINARY_DIR}/${file} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(_pc_open "")
set(_pc_text_open "")
if(NOT BUILD_SHARED_LIBS)
  set(_pc_open " -pthread")
  set(_pc_text_open " -lopencv_imgproc -lopencv_core -lpolyclipping")
endif()
pliant_pkg_config(pliant.pc Pliant "${PROJECT_DESCRIPTION}" "" "-lpliant${_pc_open}")
if(PLIANT_TEXT)
  pliant_pkg_config(pliant-text.pc "Pliant text" "Text detector of Pliant" pliant "-lpliant_text${_pc_text_open}")
endif()
