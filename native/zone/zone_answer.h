// The answer of one version of a zone to one question (RFC 1034 s.4.3.2, RFC 4592, RFC 6672), with signatures and
// proofs or without (RFC 4035 s.3.1, RFC 5155 s.7.2), written into a reply. lib/zone/lookups.ts gives the same answers.
#ifndef MULTISOCKET_ZONE_ANSWER_H_
#define MULTISOCKET_ZONE_ANSWER_H_

#include <cstddef>
#include <cstdint>

#include "zone/additional.h"
#include "zone/denial.h"
#include "zone/reply_writer.h"
#include "zone/zone_image.h"

namespace multisocket {

class ZoneAnswer {
 public:
  enum class Outcome {
    kComplete,
    kVacant,      // the name of the question has no record: it does not exist, or only because a longer one does
    kUnresolved,  // aliases lead to target(), for which the zone has no data of the type
    kUnable,      // the answer takes more work than a packet may take
  };

  // `question`: in lower case and in the zone. `dnssec`: DO. All arguments must outlive this object.
  ZoneAnswer(const ZoneImage& zone, const WireName& question, uint16_t type, bool dnssec, ReplyWriter* writer)
      : zone_(zone),
        question_(question),
        type_(type),
        dnssec_(dnssec),
        denies_(dnssec && zone.is_signed()),
        denial_(zone),
        writer_(writer),
        start_(writer->at()) {}
  ZoneAnswer(const ZoneAnswer&) = delete;
  ZoneAnswer& operator=(const ZoneAnswer&) = delete;

  // Writes the sections, as far as there is room. Must be called once.
  Outcome write();

  const WireName& target() const { return targets_[aliases_ - 1]; }
  uint16_t rcode() const { return rcode_; }
  // Whether wildcards have given aliases, with proofs of it.
  bool has_alias_proofs() const { return pending_.begin() != pending_.end(); }
  bool authoritative() const { return authoritative_; }
  bool truncated() const { return truncated_; }
  uint16_t answers() const { return answers_; }
  uint16_t authorities() const { return authorities_; }
  uint16_t additionals() const { return additionals_; }

 private:
  // The most CNAMEs in an answer: enough for real chains, and an end for loops.
  static constexpr unsigned kMaxAliases = 16;
  // The most records with targets of an answer with additional records.
  static constexpr size_t kMaxWanted = 64;

  enum class Step { kAlias, kData, kNoData, kVacant, kReferral, kOutside, kEnd };

  Step find(const WireName& name);
  // `missing`: the name does not exist, and the node is a wildcard; null: the node is that of the name.
  Step data_of(uint32_t node, const WireName& name, const MissingName* missing);
  Step signatures_of(uint32_t node, const WireName& name, const MissingName* missing);
  uint32_t any_set(uint32_t node) const;
  Step denied(uint32_t node, const MissingName* missing);
  void expansion(const MissingName& missing);
  Step substitute(const ZoneImage::Place& place, const WireName& name);
  Step alias(const WireName& next);
  Step positive(uint32_t node, uint32_t set, const WireName& name, const MissingName* missing);
  Step no_data(uint32_t node, Step step);
  void soa(uint16_t rcode);
  void prove(const ProofNodes& nodes);
  Step referral(const ZoneImage::Place& place, const WireName& name);
  void records(uint32_t set, const WireName& owner, uint32_t ttl, uint16_t* count);
  void signed_records(uint32_t node, uint32_t set, const WireName& owner, uint32_t ttl, uint16_t* count);
  bool additional();
  bool records_of(const Wanted& wanted);
  bool optional_records(uint32_t set, const WireName& owner);
  void truncate();

  const ZoneImage& zone_;
  const WireName& question_;
  const uint16_t type_;
  const bool dnssec_;  // answers have signatures
  const bool denies_;  // they have proofs
  const Denial denial_;
  ReplyWriter* const writer_;
  const size_t start_;

  uint16_t rcode_ = 0;
  bool authoritative_ = true;
  bool truncated_ = false;
  uint16_t answers_ = 0;
  uint16_t authorities_ = 0;
  uint16_t additionals_ = 0;

  unsigned aliases_ = 0;
  WireName targets_[kMaxAliases + 1];
  uint32_t dnames_[kMaxAliases + 1];  // the DNAME of each alias; kNoSet: it is a CNAME of the zone
  ProofNodes proved_;                 // in the authority section
  ProofNodes pending_;                // that wildcards gave aliases
  // What the additional section is for: a set of the name `owner_`.
  uint32_t pointing_ = ZoneImage::kNoSet;
  WireName owner_;
};

}  // namespace multisocket

#endif  // MULTISOCKET_ZONE_ANSWER_H_
