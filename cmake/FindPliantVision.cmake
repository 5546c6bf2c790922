# The libraries behind Pliant::text: OpenCV's core and imgproc, and Clipper. Serves our own build and, installed beside
# PliantConfig.cmake, the users of the static package. OpenCV's own CMake package asks for all of OpenCV, where Debian
# has core and imgproc apart; so the two are looked up by name. Defines the target PliantVision::PliantVision.
find_path(PliantVision_OPENCV_INCLUDE opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(PliantVision_OPENCV_CORE opencv_core)
find_library(PliantVision_OPENCV_IMGPROC opencv_imgproc)
find_path(PliantVision_CLIPPER_INCLUDE clipper.hpp PATH_SUFFIXES polyclipping)
find_library(PliantVision_CLIPPER polyclipping)

if(PliantVision_OPENCV_INCLUDE)
  file(STRINGS ${PliantVision_OPENCV_INCLUDE}/opencv2/core/version.hpp _pliant_opencv_version
       REGEX "#define CV_VERSION_MAJOR +[0-9]+")
  string(REGEX REPLACE "[^0-9]" "" PliantVision_OPENCV_MAJOR "${_pliant_opencv_version}")
  if(PliantVision_OPENCV_MAJOR LESS 4)
    set(PliantVision_NOT_FOUND_MESSAGE "OpenCV 4 is needed, ${PliantVision_OPENCV_INCLUDE} holds version ${PliantVision_OPENCV_MAJOR}")
    set(PliantVision_OPENCV_INCLUDE PliantVision_OPENCV_INCLUDE-NOTFOUND)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PliantVision
  REQUIRED_VARS PliantVision_OPENCV_CORE PliantVision_OPENCV_IMGPROC PliantVision_OPENCV_INCLUDE
                PliantVision_CLIPPER PliantVision_CLIPPER_INCLUDE
  REASON_FAILURE_MESSAGE "${PliantVision_NOT_FOUND_MESSAGE}")
mark_as_advanced(PliantVision_OPENCV_INCLUDE PliantVision_OPENCV_CORE
                 PliantVision_OPENCV_IMGPROC PliantVision_CLIPPER PliantVision_CLIPPER_INCLUDE)

if(PliantVision_FOUND AND NOT TARGET PliantVision::PliantVision)
  add_library(PliantVision::PliantVision INTERFACE IMPORTED)
  target_include_directories(PliantVision::PliantVision SYSTEM INTERFACE
    ${PliantVision_OPENCV_INCLUDE} ${PliantVision_CLIPPER_INCLUDE})
  target_link_libraries(PliantVision::PliantVision INTERFACE
    ${PliantVision_OPENCV_IMGPROC} ${PliantVision_OPENCV_CORE} ${PliantVision_CLIPPER})
endif()
