/* The floor of the benchmarks: what the kernel takes to receive a query and send an answer in batches of up to 64, and
 * nothing besides. Answers each query on 127.0.0.1:PORT (the first argument) with one fixed A record. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT = 1280, HEADER = 12 };

/* A pointer to the name in the question, A, IN, TTL 300, 4 bytes: 192.0.2.1 */
static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1};

static unsigned char slots[BATCH][SLOT];
static struct sockaddr_in clients[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

/* Turns a query into its answer where it stands; returns the answer's length, 0 for what is no query. */
static size_t answer(unsigned char *message, size_t length) {
  size_t at = HEADER;
  while (at < length && message[at] != 0) at += 1 + message[at];
  at += 5;
  if (length < HEADER || at > length || at + sizeof record > SLOT || (message[2] & 0x80)) return 0;
  message[2] |= 0x84; /* QR, AA */
  message[3] = 0;
  message[6] = 0, message[7] = 1;
  memset(message + 8, 0, 4);
  memcpy(message + at, record, sizeof record);
  return at + sizeof record;
}

static void reset(int i, size_t length) {
  vectors[i].iov_len = length;
  messages[i].msg_hdr.msg_namelen = sizeof clients[i];
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int receive_buffer = 1 << 20, send_buffer = 4 << 20;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (argc != 2 || fd < 0) return 1;
  address.sin_port = htons((unsigned short)atoi(argv[1]));
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof send_buffer) != 0)
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("bind");
    return 1;
  }
  for (int i = 0; i < BATCH; i++) {
    vectors[i].iov_base = slots[i];
    messages[i].msg_hdr = (struct msghdr){.msg_name = &clients[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    reset(i, SLOT);
  }
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  for (;;) {
    int received = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (received < 0) {
      if (errno != EAGAIN) return perror("recvmmsg"), 1;
      poll(&readable, 1, -1);
      continue;
    }
    int sent = 0;
    for (int i = 0; i < received; i++) {
      size_t length = answer(slots[i], messages[i].msg_len);
      vectors[i].iov_len = length;
    }
    /* What is no query goes back as an empty datagram: the load has none. */
    while (sent < received) {
      int taken = sendmmsg(fd, messages + sent, (unsigned)(received - sent), 0);
      if (taken > 0) {
        sent += taken;
      } else if (errno == EAGAIN) {
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        poll(&writable, 1, -1);
      } else if (errno != ECONNREFUSED) {
        return perror("sendmmsg"), 1;
      }
    }
    for (int i = 0; i < received; i++) reset(i, SLOT);
  }
}
