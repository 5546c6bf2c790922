# Third-party packages, as Debian ships them; each is wrapped in one target named pliant_<package>.
find_package(Threads REQUIRED)

# flatbuffers: headers only for us; flatc makes the reader.
find_program(PLIANT_FLATC flatc REQUIRED)
find_path(PLIANT_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
add_library(pliant_flatbuffers INTERFACE)
target_include_directories(pliant_flatbuffers SYSTEM INTERFACE ${PLIANT_FLATBUFFERS_INCLUDE})

# Highway: headers only. Its run-time part has no static archive in Debian; backends/cpu/dispatch does that work.
find_path(PLIANT_HIGHWAY_INCLUDE hwy/highway.h REQUIRED)
add_library(pliant_highway INTERFACE)
target_include_directories(pliant_highway SYSTEM INTERFACE ${PLIANT_HIGHWAY_INCLUDE})

# OpenBLAS: one function out of the serial static archive, so that it neither starts threads nor meets the host program's own copy.
# The archive's other symbols (all of BLAS and LAPACK) would otherwise be taken for OpenCV's or the host's: they are made local, and
# the one that is left gets a name of ours. Its start-up code, which reads the environment when a host program loads us, is taken out
# as well; backends/cpu/gemm calls it before the first product.
add_library(pliant_openblas INTERFACE)
if(PLIANT_OPENBLAS)
  find_library(PLIANT_OPENBLAS_ARCHIVE NAMES libopenblas.a
    PATH_SUFFIXES openblas-serial ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial REQUIRED)
  find_path(PLIANT_OPENBLAS_INCLUDE cblas.h
    PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial openblas-serial REQUIRED)
  set(_object ${CMAKE_BINARY_DIR}/pliant_openblas.o)
  set(_archive ${CMAKE_BINARY_DIR}/libpliant_openblas.a)
  add_custom_command(OUTPUT ${_archive}
    COMMAND ${CMAKE_LINKER} -r -u cblas_sgemm -o ${_object} ${PLIANT_OPENBLAS_ARCHIVE}
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=cblas_sgemm --keep-global-symbol=gotoblas_init
            --remove-section=.init_array --remove-section=.fini_array ${_object}
    COMMAND ${CMAKE_OBJCOPY} --redefine-sym cblas_sgemm=pliant_cblas_sgemm
            --redefine-sym gotoblas_init=pliant_gotoblas_init ${_object}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${_archive}
    COMMAND ${CMAKE_AR} rcs ${_archive} ${_object}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${_object}
    COMMENT "Taking cblas_sgemm out of OpenBLAS" VERBATIM)
  add_custom_target(pliant_openblas_archive DEPENDS ${_archive})
  add_dependencies(pliant_openblas pliant_openblas_archive)
  target_include_directories(pliant_openblas SYSTEM INTERFACE ${PLIANT_OPENBLAS_INCLUDE})
  target_link_libraries(pliant_openblas INTERFACE ${_archive} m)
  target_compile_definitions(pliant_openblas INTERFACE PLIANT_OPENBLAS=1 cblas_sgemm=pliant_cblas_sgemm)
endif()

if(PLIANT_TEXT)
  find_package(PliantVision REQUIRED MODULE)
  find_path(PLIANT_STB_INCLUDE stb_image.h PATH_SUFFIXES stb REQUIRED)
  add_library(pliant_vision_libraries INTERFACE)
  target_include_directories(pliant_vision_libraries SYSTEM INTERFACE ${PLIANT_STB_INCLUDE})
  target_link_libraries(pliant_vision_libraries INTERFACE PliantVision::PliantVision)
endif()

if(PLIANT_TOOLS)
  find_package(CLI11 REQUIRED)
  find_package(nlohmann_json REQUIRED)
endif()
if(PLIANT_TESTS)
  find_package(doctest REQUIRED)
endif()
