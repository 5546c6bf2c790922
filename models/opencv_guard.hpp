// Keeps OpenCV's exceptions inside this room.
#pragma once

#include <opencv2/core.hpp>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::models {

/// Calls `work` and turns a cv::Exception into a pliant::Error; `action` completes "cannot ...".
template <class Work>
auto guard_opencv(const char* action, const Work& work) {
  try {
    return work();
  } catch (const cv::Exception& error) {
    const bool memory = error.code == cv::Error::StsNoMem;
    throw Error(memory ? ErrorCode::kOutOfMemory : ErrorCode::kInternal,
                memory ? core::message("cannot ", action, ": out of memory")
                       : core::message("cannot ", action, ": OpenCV says: ", error.err));
  }
}

}  // namespace pliant::models
