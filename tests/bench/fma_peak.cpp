// The machine's speed beside the peers' rounds (interleave.py).
//
// fma_peak THREADS   reads lines; answers each with one line of JSON {"gflops": of all threads together}.
#include "tools/fma_peak.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  const int threads = argc == 2 ? std::atoi(argv[1]) : 0;
  if (threads < 1) {
    std::cerr << "fma_peak: expected the number of threads\n";
    return 2;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    std::printf("{\"gflops\": %.3f}\n", pliant::tools::fma_peak_gflops(threads));
    std::fflush(stdout);
  }
  return 0;
}
