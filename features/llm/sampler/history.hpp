#pragma once

#include <abi/llm/tokenizer.hpp>

#include <deque>
#include <unordered_map>

namespace libabi::llm {

/// How often each of the last tokens occurred. O(1) a token.
class TokenHistory {
 public:
  /// window: tokens looked back at; 0: none, -1: all.
  explicit TokenHistory(std::int32_t window) : window_(window) {}

  void accept(TokenId token) {
    if (window_ == 0) return;
    ++counts_[token];
    if (window_ < 0) return;
    tokens_.push_back(token);
    if (tokens_.size() > static_cast<std::size_t>(window_)) forget_oldest();
  }
  void reset() {
    counts_.clear();
    tokens_.clear();
  }
  const std::unordered_map<TokenId, std::int32_t>& counts() const noexcept { return counts_; }

 private:
  void forget_oldest() {
    const auto found = counts_.find(tokens_.front());
    tokens_.pop_front();
    if (--found->second == 0) counts_.erase(found);
  }

  std::int32_t window_;
  std::deque<TokenId> tokens_;
  std::unordered_map<TokenId, std::int32_t> counts_;
};

}  // namespace libabi::llm
