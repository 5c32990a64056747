#include "zone/zone_answer.h"

#include <algorithm>

#include "message/wire.h"

namespace multisocket {
namespace {

using Place = ZoneImage::Place;

bool same_name(const Wanted& one, const Wanted& other) {
  const auto lower = [](uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet; };
  return one.size == other.size && std::equal(one.name, one.name + one.size, other.name,
                                              [&](uint8_t a, uint8_t b) { return lower(a) == lower(b); });
}

}  // namespace

ZoneAnswer::Outcome ZoneAnswer::write() {
  Step step = find(question_);
  const bool vacant = step == Step::kVacant;
  // The CNAME that a DNAME gives is itself an answer to the question.
  while (step == Step::kAlias && type_ != kTypeCname && aliases_ <= kMaxAliases) {
    const WireName& name = target();
    if (std::find(targets_, targets_ + aliases_ - 1, name) != targets_ + aliases_ - 1) break;
    step = find(name);
  }
  const bool unresolved = aliases_ > 0 && (step == Step::kNoData || step == Step::kVacant || step == Step::kReferral ||
                                           step == Step::kOutside);
  if (aliases_ > 0) authoritative_ = true;
  prove(pending_);
  if (writer_->overflowed()) {
    truncate();
  } else if (pointing_ != ZoneImage::kNoSet && !additional()) {
    return Outcome::kUnable;
  }
  if (vacant) return Outcome::kVacant;
  return unresolved ? Outcome::kUnresolved : Outcome::kComplete;
}

// Required records do not fit: the client has to come back by TCP, and part of an RRset is useless to it.
void ZoneAnswer::truncate() {
  writer_->rewind(start_);
  truncated_ = true;
  answers_ = authorities_ = 0;
}

ZoneAnswer::Step ZoneAnswer::find(const WireName& name) {
  if (!name.is_in(zone_.origin())) return Step::kOutside;
  const Place place = zone_.place(name);
  switch (place.kind) {
    case Place::kDname:
      return substitute(place, name);
    case Place::kCut: {
      // The parent's side of the cut has authority over DS (RFC 4035 s.3.1.4.1).
      if (type_ != kTypeDs || place.labels != 0) return referral(place, name);
      const uint32_t ds = zone_.find(place.node, kTypeDs);
      return ds == ZoneImage::kNoSet ? no_data(place.node, Step::kNoData) : positive(place.node, ds, name, nullptr);
    }
    case Place::kNothing: {
      const MissingName missing = {&name, place.node, place.labels - 1};
      const uint32_t wildcard = zone_.wildcard(place.node);
      if (wildcard != ZoneImage::kNone) return data_of(wildcard, name, &missing);
      soa(kRcodeNxDomain);
      ProofNodes nodes;
      if (denies_) denial_.no_name(missing, &nodes);
      prove(nodes);
      return Step::kVacant;
    }
    case Place::kName:
      break;
  }
  if (zone_.first(place.node) == ZoneImage::kNoSet) return no_data(place.node, Step::kVacant);
  return data_of(place.node, name, nullptr);
}

// The answer of a node with data; for ANY one RRset (RFC 8482 s.4.1).
ZoneAnswer::Step ZoneAnswer::data_of(uint32_t node, const WireName& name, const MissingName* missing) {
  if (type_ == kTypeRrsig) return signatures_of(node, name, missing);
  const uint32_t set = type_ == kTypeAny ? any_set(node) : zone_.find(node, type_);
  if (set != ZoneImage::kNoSet) return positive(node, set, name, missing);
  const uint32_t cname = zone_.find(node, kTypeCname);
  if (cname == ZoneImage::kNoSet) return denied(node, missing);
  // A chain that comes back to the question repeats no record.
  if (aliases_ == 0 || !(name == question_)) signed_records(node, cname, name, zone_.ttl(cname), &answers_);
  if (missing != nullptr && denies_) denial_.expansion(*missing, &pending_);
  const Rdata rdata = zone_.rdata(cname);
  WireName next;
  if (!next.read(rdata.data, rdata.size)) return Step::kEnd;
  dnames_[aliases_] = ZoneImage::kNoSet;
  return alias(next);
}

// A node lacks the type.
ZoneAnswer::Step ZoneAnswer::denied(uint32_t node, const MissingName* missing) {
  if (missing == nullptr) return no_data(node, Step::kNoData);
  soa(kRcodeNoError);
  ProofNodes nodes;
  if (denies_) denial_.wildcard_no_data(*missing, node, &nodes);
  prove(nodes);
  return Step::kNoData;
}

// A wildcard answers.
void ZoneAnswer::expansion(const MissingName& missing) {
  ProofNodes nodes;
  if (denies_) denial_.expansion(missing, &nodes);
  prove(nodes);
}

// All signatures of a name.
ZoneAnswer::Step ZoneAnswer::signatures_of(uint32_t node, const WireName& name, const MissingName* missing) {
  bool found = false;
  for (uint32_t set = zone_.first(node); set != ZoneImage::kNoSet; set = zone_.next(set)) {
    const uint32_t type = zone_.type(set);
    if (!ZoneImage::is_signature(type) && type != kTypeRrsig) continue;
    records(set, name, zone_.ttl(set), &answers_);
    found = true;
  }
  if (!found) return denied(node, missing);
  if (missing != nullptr) expansion(*missing);
  return Step::kData;
}

// The first set of a node that is no signature.
uint32_t ZoneAnswer::any_set(uint32_t node) const {
  uint32_t set = zone_.first(node);
  while (set != ZoneImage::kNoSet && ZoneImage::is_signature(zone_.type(set))) set = zone_.next(set);
  return set;
}

// The CNAME that a DNAME gives to a name below it (RFC 6672 s.3.1).
ZoneAnswer::Step ZoneAnswer::substitute(const Place& place, const WireName& name) {
  const uint32_t dname = zone_.find(place.node, kTypeDname);
  const Rdata rdata = zone_.rdata(dname);
  WireName owner;
  WireName suffix;
  owner.read(name.from(place.labels), name.size() - name.start(place.labels));
  if (!suffix.read(rdata.data, rdata.size)) return Step::kEnd;
  if (std::find(dnames_, dnames_ + aliases_, dname) == dnames_ + aliases_) {
    signed_records(place.node, dname, owner, zone_.ttl(dname), &answers_);
  }
  WireName next;
  if (!next.join(name, place.labels, suffix)) {
    rcode_ = kRcodeYxDomain;  // RFC 6672 s.2.2
    return Step::kEnd;
  }
  // The RDATA keeps the spelling of the DNAME.
  uint8_t octets[kMaxName];
  const size_t front = name.start(place.labels);
  memcpy(octets, name.data(), front);
  memcpy(octets + front, rdata.data, suffix.size());
  if (aliases_ == 0 || !(name == question_)) {
    writer_->record(name, kTypeCname, zone_.ttl(dname), {octets, front + suffix.size()});
    answers_++;
  }
  dnames_[aliases_] = dname;
  return alias(next);
}

ZoneAnswer::Step ZoneAnswer::alias(const WireName& next) {
  targets_[aliases_++] = next;
  return Step::kAlias;
}

ZoneAnswer::Step ZoneAnswer::positive(uint32_t node, uint32_t set, const WireName& name, const MissingName* missing) {
  signed_records(node, set, name, zone_.ttl(set), &answers_);
  if (missing != nullptr) expansion(*missing);
  if (has_targets(zone_.type(set))) {
    pointing_ = set;
    owner_ = name;
  }
  return Step::kData;
}

ZoneAnswer::Step ZoneAnswer::no_data(uint32_t node, Step step) {
  soa(kRcodeNoError);
  ProofNodes nodes;
  if (denies_) denial_.no_data(node, &nodes);
  prove(nodes);
  return step;
}

// Writes the SOA record, which says for how long a negative answer holds (RFC 2308 s.3).
void ZoneAnswer::soa(uint16_t rcode) {
  rcode_ = rcode;
  const uint32_t set = zone_.find(ZoneImage::kTop, kTypeSoa);
  const Rdata rdata = zone_.rdata(set);
  const uint32_t minimum = rdata.size >= 4 ? read32(rdata.data + rdata.size - 4) : 0;
  signed_records(ZoneImage::kTop, set, zone_.origin(), std::min(zone_.ttl(set), minimum), &authorities_);
}

ZoneAnswer::Step ZoneAnswer::referral(const Place& place, const WireName& name) {
  authoritative_ = false;
  owner_.read(name.from(place.labels), name.size() - name.start(place.labels));
  pointing_ = zone_.find(place.node, kTypeNs);
  records(pointing_, owner_, zone_.ttl(pointing_), &authorities_);
  if (!dnssec_) return Step::kReferral;
  // DS, or the proof that there are none (RFC 4035 s.3.1.4).
  const uint32_t ds = zone_.find(place.node, kTypeDs);
  ProofNodes nodes;
  if (ds != ZoneImage::kNoSet) {
    signed_records(place.node, ds, owner_, zone_.ttl(ds), &authorities_);
  } else if (denies_) {
    denial_.no_data(place.node, &nodes);
  }
  prove(nodes);
  return Step::kReferral;
}

// Writes the records of a proof that are not there yet.
void ZoneAnswer::prove(const ProofNodes& nodes) {
  for (const uint32_t node : nodes) {
    if (proved_.has(node)) continue;
    proved_.add(node);
    WireName name;
    zone_.name_of(node, &name);
    const uint32_t set = zone_.find(node, denial_.type());
    if (set != ZoneImage::kNoSet) signed_records(node, set, name, zone_.ttl(set), &authorities_);
  }
}

// Writes a set of a node and its signatures, if the answer has some.
void ZoneAnswer::signed_records(uint32_t node, uint32_t set, const WireName& owner, uint32_t ttl, uint16_t* count) {
  records(set, owner, ttl, count);
  if (!dnssec_) return;
  const uint32_t signatures = zone_.find(node, ZoneImage::signature_type(zone_.type(set)));
  if (signatures != ZoneImage::kNoSet) records(signatures, owner, ttl, count);
}

void ZoneAnswer::records(uint32_t set, const WireName& owner, uint32_t ttl, uint16_t* count) {
  const uint32_t type = zone_.type(set);
  zone_.each(set, [&](Rdata rdata) {
    writer_->record(owner, type, ttl, rdata);
    ++*count;
    return !writer_->overflowed();
  });
}

// Writes the additional records that fit, whole RRsets only; the rest is optional (RFC 2181 s.9). Returns false if
// there are too many records with targets.
bool ZoneAnswer::additional() {
  const uint32_t type = zone_.type(pointing_);
  Wanted all[kMaxWanted];
  size_t count = 0;
  const bool few = zone_.each(pointing_, [&](Rdata rdata) {
    const Wanted wanted = wanted_with(type, rdata, owner_);
    if (wanted.name == nullptr) return true;
    Wanted* same = std::find_if(all, all + count, [&](const Wanted& other) { return same_name(wanted, other); });
    if (same == all + kMaxWanted) return false;
    *same = wanted;
    if (same == all + count) count++;
    return true;
  });
  if (!few) return false;
  bool complete = true;
  for (size_t i = 0; i < count && complete; i++) complete = records_of(all[i]);
  // A referral needs its glue (RFC 9471 s.3.1).
  const bool is_referral = answers_ == 0 && !authoritative_;
  truncated_ = !complete && is_referral;
  return true;
}

// Writes the records of a target. Returns false if one of its RRsets did not fit.
bool ZoneAnswer::records_of(const Wanted& wanted) {
  const uint32_t pointing_type = zone_.type(pointing_);
  WireName name;
  if (!name.read(wanted.name, wanted.size) || !name.is_in(zone_.origin())) return true;
  const Place place = zone_.place(name);
  uint32_t node = place.node;
  if (place.kind == Place::kDname) return true;
  if (place.kind == Place::kCut) node = pointing_type == kTypeNs ? zone_.at(name) : ZoneImage::kNone;
  if (place.kind == Place::kNothing) node = zone_.wildcard(node);
  if (node == ZoneImage::kNone && place.kind != Place::kName) return true;
  for (const uint16_t type : wanted.types) {
    if (type == 0 || (type == pointing_type && name == owner_)) continue;
    const uint32_t set = zone_.find(node, type);
    if (set == ZoneImage::kNoSet) continue;
    if (!optional_records(set, name)) return false;
    if (!dnssec_ || place.kind == Place::kCut) continue;  // glue has no signatures
    const uint32_t signatures = zone_.find(node, ZoneImage::signature_type(type));
    if (signatures != ZoneImage::kNoSet && !optional_records(signatures, name)) return false;
  }
  return true;
}

// Writes all additional records of a set. Returns false, and writes none, if they do not fit.
bool ZoneAnswer::optional_records(uint32_t set, const WireName& owner) {
  const size_t before = writer_->at();
  uint16_t count = 0;
  records(set, owner, zone_.ttl(set), &count);
  if (writer_->overflowed()) {
    writer_->rewind(before);
    return false;
  }
  additionals_ += count;
  return true;
}

}  // namespace multisocket
