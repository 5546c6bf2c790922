// The runtime's whole public face. The text detector is a component of its own: text_detector.hpp.
#pragma once

#include "pliant/device.hpp"
#include "pliant/error.hpp"
#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "pliant/tensor.hpp"
#include "pliant/version.hpp"
#include "pliant/vision.hpp"
