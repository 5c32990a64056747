#include "node/layout_description.h"

#include <cstddef>
#include <cstdint>

#include "message/layout.h"

namespace multisocket {
namespace {

struct Number {
  const char* name;
  uint32_t value;
};

template <size_t N>
Napi::Object numbers(Napi::Env env, const Number (&from)[N]) {
  auto object = Napi::Object::New(env);
  for (const Number& number : from) object.Set(number.name, number.value);
  return object;
}

template <size_t N>
Napi::Array names(Napi::Env env, const char* const (&from)[N]) {
  auto array = Napi::Array::New(env, N);
  for (size_t i = 0; i < N; i++) array.Set(static_cast<uint32_t>(i), from[i]);
  return array;
}

}  // namespace

Napi::Object describe_layout(Napi::Env env) {
<<<<<<< 9a312da57d024c759220efb03f7b4b2391f02774
  Napi::Object result = numbers(env, {{"batchSize", layout::kBatchSize},
                                      {"envelopeSize", layout::kEnvelopeSize},
                                      {"slotStride", layout::kSlotStride},
                                      {"textOffset", layout::kTextOffset},
                                      {"maxText", layout::kMaxText},
                                      {"outputOffset", layout::kOutputOffset},
                                      {"outputSize", layout::kOutputSize},
                                      {"slabSize", layout::kSlabSize},
                                      {"queryWords", layout::kQueryWords},
                                      {"outboxEntryWords", layout::kOutboxEntryWords},
                                      {"outboxEntries", layout::kOutboxEntries},
                                      {"socketRow", layout::kSocketRow},
                                      {"workerRow", layout::kWorkerRow}});
  result.Set("envelope", numbers(env, {{"family", layout::kEnvelopeFamily},
                                       {"clientPort", layout::kEnvelopeClientPort},
                                       {"clientAddress4", layout::kEnvelopeClientAddress4},
                                       {"clientAddress6", layout::kEnvelopeClientAddress6},
                                       {"localFamily", layout::kEnvelopeLocalFamily},
                                       {"localAddress", layout::kEnvelopeLocalAddress},
                                       {"socket", layout::kEnvelopeSocket}}));
  result.Set("query", numbers(env, {{"offset", layout::kOffset},
                                    {"length", layout::kLength},
                                    {"idAndFlags", layout::kIdAndFlags},
                                    {"typeAndClass", layout::kTypeAndClass},
                                    {"questionEnd", layout::kQuestionEnd},
                                    {"keyOffset", layout::kKeyOffset},
                                    {"keyLength", layout::kKeyLength},
                                    {"nameOffset", layout::kNameOffset},
                                    {"edns", layout::kEdns},
                                    {"ednsSizeAndFlags", layout::kEdnsSizeAndFlags},
                                    {"optionsOffset", layout::kOptionsOffset},
                                    {"optionsLength", layout::kOptionsLength},
                                    {"asked", layout::kAsked},
                                    {"verdict", layout::kVerdict},
                                    {"hasCookie", layout::kHasCookie},
                                    {"cookie", layout::kCookie}}));
  result.Set("verdict",
             numbers(env, {{"query", Admission::kQuery}, {"drop", Admission::kDrop}, {"reply", Admission::kReply}}));
  result.Set("client", numbers(env, {{"queriesOffset", layout::kClientQueriesOffset},
                                     {"slabSize", layout::kClientSlabSize},
                                     {"maxOutstanding", layout::kMaxOutstanding},
                                     {"outboxEntries", layout::kClientOutboxEntries},
                                     {"outboxWords", layout::kClientOutboxWords},
                                     {"unsent", layout::kUnsent},
                                     {"answerWords", layout::kAnswerWords}}));
  result.Set("ask", numbers(env, {{"upstream", layout::kAskUpstream},
                                  {"handle", layout::kAskHandle},
                                  {"offset", layout::kAskOffset},
                                  {"length", layout::kAskLength},
                                  {"questionEnd", layout::kAskQuestionEnd},
                                  {"error", layout::kAskError}}));
  result.Set("answer", numbers(env, {{"handle", layout::kAnswerHandle},
                                     {"outcome", layout::kAnswerOutcome},
                                     {"offset", layout::kAnswerOffset},
                                     {"length", layout::kAnswerLength},
                                     {"questionEnd", layout::kAnswerQuestionEnd},
                                     {"recordsEnd", layout::kAnswerRecordsEnd},
                                     {"flagsAndRcode", layout::kAnswerFlagsAndRcode},
                                     {"answers", layout::kAnswerAnswers},
                                     {"authorities", layout::kAnswerAuthorities},
                                     {"additionals", layout::kAnswerAdditionals},
                                     {"optionsOffset", layout::kAnswerOptionsOffset},
                                     {"optionsLength", layout::kAnswerOptionsLength},
                                     {"error", layout::kAnswerError}}));
  result.Set("outcome", numbers(env, {{"answered", layout::kAnswered},
                                      {"truncated", layout::kTruncated},
                                      {"malformed", layout::kMalformed},
                                      {"unreachable", layout::kUnreachable},
                                      {"misspelt", layout::kMisspelt},
                                      {"guessed", layout::kGuessed},
                                      {"unmatched", layout::kUnmatched}}));
  result.Set("socketCounters", names(env, layout::kSocketCounterNames));
  result.Set("workerCounters", names(env, layout::kWorkerCounterNames));
=======
  using namespace layout;  // NOLINT(google-build-using-namespace): the lists name its constants
#define LAYOUT_NUMBER(constant, name, description) {#name, constant},
  Napi::Object result = numbers(env, {LAYOUT_NUMBERS(LAYOUT_NUMBER)});
  result.Set("envelope", numbers(env, {LAYOUT_ENVELOPE(LAYOUT_NUMBER)}));
  result.Set("query", numbers(env, {LAYOUT_QUERY(LAYOUT_NUMBER)}));
  result.Set("verdict", numbers(env, {LAYOUT_VERDICT(LAYOUT_NUMBER)}));
  result.Set("outbox", numbers(env, {LAYOUT_OUTBOX(LAYOUT_NUMBER)}));
  result.Set("client", numbers(env, {LAYOUT_CLIENT(LAYOUT_NUMBER)}));
  result.Set("ask", numbers(env, {LAYOUT_ASK(LAYOUT_NUMBER)}));
  result.Set("answer", numbers(env, {LAYOUT_ANSWER(LAYOUT_NUMBER)}));
  result.Set("outcome", numbers(env, {LAYOUT_OUTCOME(LAYOUT_NUMBER)}));
#undef LAYOUT_NUMBER
  result.Set("socketCounters", names(env, {LAYOUT_SOCKET_COUNTERS(LAYOUT_STRING)}));
  result.Set("workerCounters", names(env, {LAYOUT_WORKER_COUNTERS(LAYOUT_STRING)}));
>>>>>>> 26629bc33001f70383606f4023fe2dfaee036a92
  return result;
}

}  // namespace multisocket
