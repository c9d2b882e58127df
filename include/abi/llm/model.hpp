#pragma once
/// A language or embedding model from a GGUF file. See session.hpp for running it.
///
///     ABI_TRY(auto model, Model::open("stories.gguf"));
///     ABI_TRY(auto session, Session::create(model));
///     ABI_TRY(auto done, session.generate("Once upon a time", {.max_tokens = 64}, [](const Token& t) { return show(t.text); }));

#include <abi/base/error.hpp>
#include <abi/llm/gguf.hpp>
#include <abi/llm/tokenizer.hpp>
#include <abi/memory/account.hpp>
#include <abi/quant/format.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/stop.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace libabi::llm {

/// False in a build without the feature, where every other function returns `unavailable`.
ABI_API bool enabled() noexcept;

/// Names of the architectures in arch.def.
ABI_API std::span<const std::string_view> architectures() noexcept;

struct ModelOptions {
  std::string backend = "cpu";               ///< a member of backends.def
  unsigned threads = 0;                      ///< of a scheduler of the model's own; 0: on task::Scheduler::shared()
  task::Scheduler* scheduler = nullptr;      ///< run on this one instead; it must outlive the model
  memory::MemoryAccount* account = nullptr;  ///< what everything is charged to; null: memory::default_account()
  bool check_tensors = false;                ///< look for NaN and infinity in every weight (reads the whole file)
  /// Gets the fraction loaded, from the opening thread; false cancels.
  std::function<bool(double fraction)> progress;
};

enum class ModelKind : std::uint8_t { generative, embedding };
enum class PoolingType : std::uint8_t { none = 0, mean = 1, cls = 2, last = 3, rank = 4 };

struct ModelInfo {
  std::string architecture;
  std::string name;
  ModelKind kind = ModelKind::generative;
  PoolingType pooling = PoolingType::none;  ///< of an embedding model
  std::int64_t context_length = 0;          ///< that it was trained with
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t vocabulary = 0;
  std::int64_t embedding_width = 0;  ///< floats that embed() gives: 1 for a ranker, 0 for a generative model
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;
  std::string file_type;  ///< the format that most weights have
  std::string device;     ///< what it runs on
};

/// A loaded model: weights, vocabulary and the device they are on. Immutable and thread-safe; copies share it. It lives
/// as long as any copy or session does.
class ABI_API Model {
 public:
  /// Opens a GGUF file, checks every tensor that its architecture wants, and gives the weights to the device: those that
  /// are used as they stand are mapped and not copied, quantised matrices are repacked for the processor.
  /// Errors: not_found, permission_denied, corrupt (with the byte offset), unsupported (architecture, tokenizer, format),
  /// invalid_argument (a tensor's shape; options), exhausted (memory or budget), cancelled, failed_precondition (a weight
  /// that is not finite, under check_tensors), unavailable (no llm or no such backend in this build).
  static Result<Model> open(const std::filesystem::path& file, const ModelOptions& options = {});
  Model(const Model&);
  Model& operator=(const Model&);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const noexcept;
  const Tokenizer& tokenizer() const noexcept;

  struct Impl;
  /// For the rest of the feature; the type is complete inside libabi only.
  const std::shared_ptr<Impl>& impl() const noexcept { return impl_; }

 private:
  explicit Model(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

/// What a session keeps.
struct SessionOptions {
  std::int64_t context = 0;  ///< tokens it can hold; 0: the model's own, at most default_context
  std::int64_t batch = 512;  ///< tokens evaluated at once; a prompt is cut into so many (an embedding model's never)
  std::int64_t outputs = 1;  ///< rows of logits that one evaluate() can give, at most `batch`
  quant::FormatId cache_k = quant::FormatId::f16;  ///< f32, f16, bf16 or q8_0
  quant::FormatId cache_v = quant::FormatId::f16;

  static constexpr std::int64_t default_context = 4096;
};

/// Bytes that a model and one session take. What the account's peak will be is total(), within 2 %.
struct MemoryNeed {
  std::uint64_t weights_mapped = 0;  ///< used where they stand in the file: page cache, charged all the same
  std::uint64_t weights_owned = 0;   ///< repacked or copied
  std::uint64_t vocabulary = 0;
  std::uint64_t cache = 0;
  std::uint64_t activations = 0;  ///< intermediates, inputs, scratch
  std::uint64_t total() const noexcept { return weights_mapped + weights_owned + vocabulary + cache + activations; }
};

/// Tells before loading what Model::open and Session::create will take. Reads the header and the vocabulary only.
/// Errors: those of both but for `exhausted`.
ABI_API Result<MemoryNeed> plan(const std::filesystem::path& file, const ModelOptions& model = {},
                                const SessionOptions& session = {});

}  // namespace libabi::llm
