// A channel and its specification, in lockstep.
#include <abi/task/channel.hpp>

#include "fiber.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace libabi::task {
namespace {

using test::Fiber;
using Item = std::unique_ptr<int>;  // move-only, and a leak or a second owner would be seen

Item item(int value) { return std::make_unique<int>(value); }

struct Sending {
  StopSource source;
  Context context{.stop = source.get_token()};
  Item value;
  std::optional<Result<void>> result;
};
struct Receiving {
  StopSource source;
  Context context{.stop = source.get_token()};
  std::optional<Result<std::optional<Item>>> result;
};

Fiber send_one(Channel<Item>& channel, Sending& sending) { sending.result.emplace(co_await channel.send_from(sending.value)); }
Fiber receive_one(Channel<Item>& channel, Receiving& receiving) { receiving.result.emplace(co_await channel.receive()); }

// The specification of a channel, for items that are numbers: a deque of what was accepted, and those who wait in order.
struct Model {
  std::size_t capacity;
  bool closed = false;
  std::deque<int> items;
  std::deque<std::pair<std::size_t, int>> senders;  // index, item
  std::deque<std::size_t> receivers;
};

// A channel and its model, driven by the same steps; without an executor everyone goes on at once.
class Lockstep {
 public:
  Lockstep(std::size_t capacity, std::uint64_t seed) : channel_(Channel<Item>::create(capacity).value()), random_(seed) {
    model_.capacity = capacity;
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (testing::Test::HasFatalFailure()) return;
      ASSERT_EQ(channel_->size(), model_.items.size());
    }
    close();
    for (const Fiber& fiber : fibers_) ASSERT_TRUE(fiber.done());
  }

 private:
  void step() {
    const auto choice = random_() % 320;
    if (choice == 0) return close();
    if (choice < 100) return send();
    if (choice < 170) return receive();
    if (choice < 200) return try_send();
    if (choice < 230) return try_receive();
    if (choice < 280) return stop();
    receive_several();
  }

  // Whether an item that is offered is accepted at once.
  bool model_accepts(int value) {
    if (!model_.receivers.empty()) {
      expect_received(model_.receivers.front(), value);
      model_.receivers.pop_front();
      return true;
    }
    if (model_.items.size() == model_.capacity) return false;
    model_.items.push_back(value);
    return true;
  }
  std::optional<int> model_gives() {
    std::optional<int> given;
    if (!model_.items.empty()) {
      given = model_.items.front();
      model_.items.pop_front();
    }
    if (!model_.senders.empty()) {
      const auto [index, value] = model_.senders.front();
      model_.senders.pop_front();
      accepted_.push_back(index);
      if (given)
        model_.items.push_back(value);
      else
        given = value;
    }
    return given;
  }
  void expect_received(std::size_t receiving, int value) { received_.emplace_back(receiving, value); }

  void check() {
    for (const std::size_t index : accepted_) {
      ASSERT_TRUE(sendings_[index].result && *sendings_[index].result);
      ASSERT_EQ(sendings_[index].value, nullptr);
    }
    for (const auto& [index, value] : received_) {
      auto& result = receivings_[index].result;
      ASSERT_TRUE(result && *result && **result && ***result);
      ASSERT_EQ(****result, value);
    }
    accepted_.clear();
    received_.clear();
  }

  void send() {
    const std::size_t index = sendings_.size();
    Sending& sending = sendings_.emplace_back();
    sending.value = item(++last_);
    fibers_.push_back(send_one(*channel_, sending));
    const bool closed = model_.closed;
    const bool accepted = !closed && model_accepts(last_);
    if (accepted) accepted_.push_back(index);
    if (!accepted && !closed) model_.senders.emplace_back(index, last_);
    fibers_.back().start(&sending.context);
    ASSERT_EQ(sending.result.has_value(), accepted || closed);
    if (closed) expect_closed(sending);
    check();
  }
  void expect_closed(Sending& sending) {
    ASSERT_TRUE(sending.result && !*sending.result);
    ASSERT_EQ(sending.result->error().code, ErrorCode::failed_precondition);
    ASSERT_TRUE(sending.value) << "what was not accepted stays the sender's";
  }
  void receive() {
    const std::size_t index = receivings_.size();
    Receiving& receiving = receivings_.emplace_back();
    fibers_.push_back(receive_one(*channel_, receiving));
    const auto given = model_gives();
    if (given) expect_received(index, *given);
    if (!given && !model_.closed) model_.receivers.push_back(index);
    fibers_.back().start(&receiving.context);
    ASSERT_EQ(receiving.result.has_value(), given || model_.closed);
    ASSERT_EQ(receiving.result && **receiving.result, given.has_value()) << "an item, or the end";
    check();
  }
  void receive_several() {
    std::array<Item, 3> into;
    std::size_t count = 99;
    if (model_.items.empty() && model_.senders.empty() && !model_.closed) return;  // one that waits is receive()'s
    const auto body = [](Channel<Item>& channel, std::span<Item> some, std::size_t& result) -> Fiber {
      result = (co_await channel.receive_batch(some)).value();
    };
    const std::size_t room = random_() % 4;
    Fiber fiber = body(*channel_, std::span(into).first(room), count);
    ASSERT_TRUE(fiber.start().done());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(*into.at(i), model_gives());
    ASSERT_TRUE(count == room || (model_.items.empty() && model_.senders.empty())) << "as many as there are";
    check();
  }
  void try_send() {
    Item value = item(++last_);
    const Result<bool> sent = channel_->try_send(value);
    if (model_.closed) {
      ASSERT_FALSE(sent);
      return;
    }
    ASSERT_EQ(sent.value(), model_accepts(last_));
    ASSERT_EQ(value == nullptr, *sent);
    check();
  }
  void try_receive() {
    const auto got = channel_->try_receive();
    const auto given = model_gives();
    if (!given && model_.closed) {
      ASSERT_EQ(got.error().code, ErrorCode::out_of_range);
      return;
    }
    ASSERT_EQ(got.value().has_value(), given.has_value());
    ASSERT_EQ(given ? ***got : 0, given.value_or(0));
    check();
  }
  // One of those who wait, any of them; or one that is done, which changes nothing.
  void stop() {
    if (random_() % 2 == 0 && !model_.senders.empty()) {
      const std::size_t which = random_() % model_.senders.size();
      Sending& sending = sendings_[model_.senders[which].first];
      model_.senders.erase(model_.senders.begin() + static_cast<std::ptrdiff_t>(which));
      sending.source.request_stop();
      ASSERT_TRUE(sending.result && !*sending.result);
      ASSERT_EQ(sending.result->error().code, ErrorCode::cancelled);
      ASSERT_TRUE(sending.value);
    } else if (!model_.receivers.empty()) {
      const std::size_t which = random_() % model_.receivers.size();
      Receiving& receiving = receivings_[model_.receivers[which]];
      model_.receivers.erase(model_.receivers.begin() + static_cast<std::ptrdiff_t>(which));
      receiving.source.request_stop();
      ASSERT_EQ(receiving.result.value().error().code, ErrorCode::cancelled);
    } else if (!sendings_.empty() && sendings_.back().result) {
      sendings_.back().source.request_stop();
    }
  }
  void close() {
    channel_->close();
    ASSERT_TRUE(channel_->closed());
    model_.closed = true;
    for (const auto& [index, value] : model_.senders) expect_closed(sendings_[index]);
    for (const std::size_t index : model_.receivers) ASSERT_FALSE(receivings_[index].result.value().value());
    model_.senders.clear();
    model_.receivers.clear();
  }

  std::unique_ptr<Channel<Item>> channel_;
  std::mt19937_64 random_;
  Model model_;
  int last_ = 0;
  std::deque<Sending> sendings_;
  std::deque<Receiving> receivings_;
  std::vector<Fiber> fibers_;
  std::vector<std::size_t> accepted_;
  std::vector<std::pair<std::size_t, int>> received_;
};

TEST(ChannelModel, DoesWhatADequeAndTwoQueuesOfWaitersDo) {
  const std::uint64_t seed = test::seed();
  for (std::uint64_t round = 0; round < 400; ++round) {
    const std::size_t capacity = std::array<std::size_t, 6>{0, 1, 2, 3, 8, 64}[round % 6];
    SCOPED_TRACE(testing::Message() << "round " << round << " capacity " << capacity);
    Lockstep lockstep(capacity, seed + round);
    lockstep.run(300);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace libabi::task
