#include "pliant/model.hpp"

#include "runtime/graph/model_data.hpp"

namespace pliant {

using runtime::ModelData;
using runtime::ModelFile;

Model::Model(std::shared_ptr<const ModelData> data) : data_(std::move(data)) {}

Model Model::load(const std::string& path, const LoadOptions& options) {
  return Model(std::make_shared<const ModelData>(ModelFile::open(path, options.storage)));
}

Model Model::from_memory(std::span<const std::byte> bytes) {
  return Model(std::make_shared<const ModelData>(ModelFile::copy(bytes)));
}

Model Model::from_borrowed_memory(std::span<const std::byte> bytes) {
  return Model(std::make_shared<const ModelData>(ModelFile::borrow(bytes)));
}

const ModelInfo& Model::info() const noexcept { return data_->info; }
const std::vector<PortInfo>& Model::inputs() const noexcept { return data_->inputs; }
const std::vector<PortInfo>& Model::outputs() const noexcept { return data_->outputs; }
const std::optional<ImagePreprocess>& Model::preprocess() const noexcept { return data_->preprocess; }
const std::optional<TextPostprocess>& Model::postprocess() const noexcept { return data_->postprocess; }

}  // namespace pliant
