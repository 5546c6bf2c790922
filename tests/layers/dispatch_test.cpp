#include "backends/cpu/dispatch.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "backends/registry.hpp"
#include "pliant/error.hpp"

using namespace pliant;
using namespace pliant::backends;

namespace {

/// Sets an environment variable for a scope.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value, 1);
  }
  ~Environment() {
    if (old_.empty())
      unsetenv(name_);
    else
      setenv(name_, old_.c_str(), 1);
  }

 private:
  const char* name_;
  std::string old_;
};

std::string message_of(const std::string& target) {
  try {
    cpu::choose_isa(target);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("dispatch: every set that is there can be chosen by name and has all kernels") {
  const Environment environment("PLIANT_TARGET", "");
  const std::vector<cpu::Isa> isas = cpu::available_isas();
  REQUIRE(!isas.empty());
  CHECK(cpu::choose_isa("") == isas.front());
  for (const cpu::Isa isa : isas) {
    CHECK(cpu::choose_isa(cpu::name_of(isa)) == isa);
    const cpu::SimdKernels kernels = cpu::simd_kernels(isa);
    CHECK(kernels.gemm.vector >= 1);
    for (int vectors = 1; vectors <= kernels.gemm.panel_vectors; ++vectors)
      CHECK((kernels.gemm.micro[static_cast<std::size_t>(vectors - 1)][0] != nullptr));
    CHECK((kernels.element.sigmoid != nullptr));
    CHECK((kernels.sampling.sample != nullptr));
    CHECK((kernels.window.max != nullptr));
  }
#if defined(__x86_64__)
  CHECK((__builtin_cpu_supports("avx2") != 0) == (cpu::list_isas().find("avx2") != std::string::npos));
  CHECK((__builtin_cpu_supports("avx512bw") != 0) == (cpu::list_isas().find("avx512") != std::string::npos));
#endif
}

TEST_CASE("dispatch: names that are wrong or not here are refused with the list of what is") {
  CHECK(message_of("mmx").find("no instruction set; expected one of " + cpu::list_isas()) !=
        std::string::npos);
#if defined(__x86_64__)
  CHECK(message_of("neon").find("does not have; expected one of") != std::string::npos);
#else
  CHECK(message_of("avx2").find("does not have; expected one of") != std::string::npos);
#endif
}

TEST_CASE("dispatch: PLIANT_TARGET counts where the option is empty") {
  const std::string last(cpu::name_of(cpu::available_isas().back()));
  const std::string first(cpu::name_of(cpu::available_isas().front()));
  const Environment environment("PLIANT_TARGET", last.c_str());
  CHECK(cpu::backend().make_context({1, "", 0})->description() == "cpu (" + last + ", 1 thread)");
  CHECK(cpu::backend().make_context({2, first, 0})->description() == "cpu (" + first + ", 2 threads)");
  const Environment wrong("PLIANT_TARGET", "fastest");
  CHECK_THROWS_AS(cpu::backend().make_context({1, "", 0}), Error);
}

TEST_CASE("dispatch: PLIANT_GEMM is checked") {
  const Environment wrong("PLIANT_GEMM", "abacus");
  CHECK_THROWS_AS(cpu::backend().make_context({1, "", 0}), Error);
}

TEST_CASE("dispatch: the device is described") {
  CHECK(cpu::describe_device().find(cpu::name_of(cpu::available_isas().front())) == 0);
  CHECK(cpu::describe_device().find("CPU") != std::string::npos);
#if PLIANT_OPENBLAS
  CHECK(cpu::describe_device().ends_with(", with OpenBLAS"));
#else
  CHECK(cpu::describe_device().find("OpenBLAS") == std::string::npos);
#endif
}
