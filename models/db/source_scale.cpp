#include "models/db/source_scale.hpp"

#include <algorithm>
#include <cmath>

namespace pliant::models {

template <class Real>
double SourceScale::along(Real value, double content, int source) const {
  // MMOCR divides by the factor that the picture was scaled with, and neither rounds nor clips.
  const double factor = content / source;
  if (rule_ == BoxRule::kMmocr) return value * (1 / factor);
  if (rule_ == BoxRule::kMmocr0x) return value * static_cast<double>(1 / static_cast<float>(factor));
  // The others round to even and clip to 0..source, the far edge included.
  const Real scaled = value / static_cast<Real>(content) * static_cast<Real>(source);
  return std::clamp<double>(std::nearbyint(scaled), 0.0, source);
}

template double SourceScale::along(float value, double content, int source) const;
template double SourceScale::along(double value, double content, int source) const;

}  // namespace pliant::models
