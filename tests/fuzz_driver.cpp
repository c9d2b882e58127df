/// Runs a fuzz target where there is no libFuzzer: every input that is named on the command line, files or folders, and
/// seeded mutations of them for about two seconds.
///
///     fuzz_x [FILE|FOLDER]...      ABI_SEED=n and ABI_FUZZ_SECONDS=n in the environment
///
/// An input that crashes the target, or keeps it for ten seconds, is left in ./fuzz_<seed>.input: naming that file runs it
/// again.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizers' own name
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Input = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_input_bytes = 64 * 1024;  // what libFuzzer is given too
constexpr std::uint64_t max_runs = 1'000'000;
constexpr unsigned hang_seconds = 10;

// What the handlers leave behind; they may only call what is safe in a signal.
const Input* current = nullptr;
std::string failure_file;

void leave_input() {
  if (!current) return;
  const int file = ::open(failure_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  std::size_t at = 0;
  while (at < current->size()) {
    const auto written = ::write(file, current->data() + at, current->size() - at);
    if (written <= 0) break;
    at += static_cast<std::size_t>(written);
  }
  ::close(file);
  current = nullptr;
}

void on_signal(int number) {
  leave_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const Input& input) {
  current = &input;
  ::alarm(hang_seconds);
  LLVMFuzzerTestOneInput(input.data(), input.size());
  ::alarm(0);
  current = nullptr;
}

std::vector<Input> read_inputs(int count, char** names) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::is_directory(names[i])) {
      files.emplace_back(names[i]);
      continue;
    }
    for (const auto& each : std::filesystem::recursive_directory_iterator(names[i]))
      if (each.is_regular_file()) files.push_back(each.path());
  }
  std::ranges::sort(files);
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (in) continue;
    std::fprintf(stderr, "cannot read %s\n", file.c_str());
    std::exit(1);
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  Input mutate(const std::vector<Input>& inputs) {
    Input input = inputs[below(inputs.size())];
    const std::size_t steps = 1 + below(6);
    for (std::size_t i = 0; i < steps; ++i) step(input, inputs);
    input.resize(std::min(input.size(), max_input_bytes));
    input.shrink_to_fit();  // so that a sanitizer sees the first byte behind it
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

  void step(Input& input, const std::vector<Input>& inputs) {
    if (input.empty()) input.push_back(static_cast<std::uint8_t>(random_()));
    const std::size_t at = below(input.size());
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = 1 + below(std::min<std::size_t>(input.size() - at, 64));
    const auto end = place + static_cast<std::ptrdiff_t>(length);
    switch (below(8)) {
      case 0: *place ^= static_cast<std::uint8_t>(1u << below(8)); break;
      case 1: *place = static_cast<std::uint8_t>(random_()); break;
      case 2: write_integer(input, at); break;
      case 3: input.erase(place, end); break;
      case 4: input.resize(at); break;
      case 5: input.insert(place, length, static_cast<std::uint8_t>(random_())); break;
      case 6: {
        const Input copy(place, end);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size())), copy.begin(), copy.end());
        break;
      }
      default: {
        const Input& other = inputs[below(inputs.size())];
        if (other.empty()) break;
        const std::size_t from = below(other.size());
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
    }
  }

  /// A number that sits on an edge, 1 to 8 bytes wide.
  void write_integer(Input& input, std::size_t at) {
    const std::size_t width = std::min<std::size_t>(std::size_t{1} << below(4), input.size() - at);
    std::uint64_t number = (below(2) ? std::uint64_t{1} << below(64) : 0) + below(5) - 2;
    for (std::size_t i = 0; i < width; ++i, number >>= 8) input[at + i] = static_cast<std::uint8_t>(number);
  }

  std::mt19937_64 random_;
};

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  const std::uint64_t seed = from_environment("ABI_SEED", 1);
  const auto seconds = std::chrono::seconds(from_environment("ABI_FUZZ_SECONDS", 2));
  failure_file = "fuzz_" + std::to_string(seed) + ".input";
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(leave_input);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM}) std::signal(number, on_signal);

  std::vector<Input> inputs = read_inputs(argc - 1, argv + 1);
  for (const Input& input : inputs) run(input);
  const std::size_t replayed = inputs.size();
  if (inputs.empty()) inputs.emplace_back();

  Mutator mutator(seed);
  const auto end = Clock::now() + seconds;
  std::uint64_t runs = 0;
  for (; runs < max_runs && Clock::now() < end; ++runs) run(mutator.mutate(inputs));
  std::printf("%zu inputs and %llu mutations of them, seed %llu\n", replayed, static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seed));
  return 0;
}
