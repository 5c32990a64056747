// OpenSSL without Node's `tls`, with the functions that the Node binary exports. `alone` serves connections through
// memory BIOs and measures the server's side. `clients` is a blocking client for a server in another process.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace {

template <class Type, void (*Free)(Type*)>
struct Freed {
  void operator()(Type* object) const { Free(object); }
};
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;
using Session = std::unique_ptr<SSL_SESSION, Freed<SSL_SESSION, SSL_SESSION_free>>;

double cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Plan {
  uint32_t connections;
  uint32_t messages;             // of each connection
  std::vector<uint8_t> message;  // goes both ways in `alone`
  bool resumed;
};

Context server_context(const std::string& certificate, const std::string& key) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_file(context.get(), certificate.c_str(), SSL_FILETYPE_PEM) != 1) return nullptr;
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) return nullptr;
  return context;
}

void connect_in_memory(SSL* ssl, BIO* read, BIO* write) {
  BIO_up_ref(read);
  BIO_up_ref(write);
  SSL_set_bio(ssl, read, write);
}

struct Cost {
  double handshake = 0;  // microseconds, of all connections
  double messages = 0;
  uint32_t resumed = 0;
};

// The server's side of connections whose client is in the same thread and is not measured.
bool serve_alone(SSL_CTX* server_side, SSL_CTX* client_side, const Plan& plan, Cost* cost) {
  std::vector<uint8_t> buffer(1 << 16);
  Session session;
  for (uint32_t i = 0; i < plan.connections; i++) {
    BIO* up = BIO_new(BIO_s_mem());
    BIO* down = BIO_new(BIO_s_mem());
    Connection client(SSL_new(client_side));
    connect_in_memory(client.get(), down, up);
    if (plan.resumed && session != nullptr) SSL_set_session(client.get(), session.get());
    SSL_set_connect_state(client.get());
    double start = cpu_time();
    Connection server(SSL_new(server_side));
    connect_in_memory(server.get(), up, down);
    SSL_set_accept_state(server.get());
    cost->handshake += cpu_time() - start;
    while (SSL_is_init_finished(server.get()) == 0 || SSL_is_init_finished(client.get()) == 0) {
      if (SSL_do_handshake(client.get()) <= 0 && SSL_get_error(client.get(), -1) != SSL_ERROR_WANT_READ) return false;
      start = cpu_time();
      const int done = SSL_do_handshake(server.get());
      cost->handshake += cpu_time() - start;
      if (done <= 0 && SSL_get_error(server.get(), done) != SSL_ERROR_WANT_READ) return false;
    }
    cost->resumed += SSL_session_reused(server.get());
    const auto size = static_cast<int>(plan.message.size());
    for (uint32_t j = 0; j < plan.messages; j++) SSL_write(client.get(), plan.message.data(), size);
    start = cpu_time();
    for (uint32_t j = 0; j < plan.messages; j++) {
      const int read = SSL_read(server.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (read != size || SSL_write(server.get(), buffer.data(), read) != read) return false;
    }
    cost->messages += cpu_time() - start;
    for (uint32_t j = 0; j < plan.messages; j++) {
      if (SSL_read(client.get(), buffer.data(), static_cast<int>(buffer.size())) <= 0) return false;
    }
    session.reset(SSL_get1_session(client.get()));
    SSL_shutdown(client.get());
    start = cpu_time();
    SSL_shutdown(server.get());
    server.reset();
    cost->handshake += cpu_time() - start;
    BIO_free(up);
    BIO_free(down);
  }
  return true;
}

bool send_all(int fd, const uint8_t* octets, size_t size) {
  for (size_t sent = 0; sent < size;) {
    const ssize_t now = send(fd, octets + sent, size - sent, MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += static_cast<size_t>(now);
  }
  return true;
}

bool receive_all(int fd, uint8_t* octets, size_t size) {
  for (size_t received = 0; received < size;) {
    const ssize_t now = recv(fd, octets + received, size - received, 0);
    if (now <= 0) return false;
    received += static_cast<size_t>(now);
  }
  return true;
}

int connect_to(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// One connection after the other, each message once the one before is answered: in one record, or without TLS with as
// many octets, where an exchange stands for the handshake.
bool ask(uint16_t port, SSL_CTX* client_side, const Plan& plan) {
  constexpr size_t kHandshake = 600;
  std::vector<uint8_t> buffer(1 << 16);
  Session session;
  for (uint32_t i = 0; i < plan.connections; i++) {
    const int fd = connect_to(port);
    if (fd < 0) return false;
    bool good = true;
    if (client_side == nullptr) {
      good = send_all(fd, buffer.data(), kHandshake) && receive_all(fd, buffer.data(), kHandshake);
      for (uint32_t j = 0; good && j < plan.messages; j++) {
        good = send_all(fd, plan.message.data(), plan.message.size()) &&
               receive_all(fd, buffer.data(), plan.message.size());
      }
    } else {
      Connection client(SSL_new(client_side));
      SSL_set_fd(client.get(), fd);
      if (plan.resumed && session != nullptr) SSL_set_session(client.get(), session.get());
      good = SSL_connect(client.get()) == 1;
      for (uint32_t j = 0; good && j < plan.messages; j++) {
        good = SSL_write(client.get(), plan.message.data(), static_cast<int>(plan.message.size())) > 0 &&
               SSL_read(client.get(), buffer.data(), static_cast<int>(buffer.size())) > 0;
      }
      session.reset(SSL_get1_session(client.get()));
      SSL_shutdown(client.get());
    }
    close(fd);
    if (!good) return false;
  }
  return true;
}

uint32_t number(napi_env env, napi_value value) {
  uint32_t result = 0;
  napi_get_value_uint32(env, value, &result);
  return result;
}

std::string text(napi_env env, napi_value value) {
  char octets[4096];
  size_t length = 0;
  napi_get_value_string_utf8(env, value, octets, sizeof octets, &length);
  return {octets, length};
}

Plan plan_of(napi_env env, const napi_value* values) {
  void* octets = nullptr;
  size_t size = 0;
  napi_get_buffer_info(env, values[2], &octets, &size);
  const auto* message = static_cast<const uint8_t*>(octets);
  bool resumed = false;
  napi_get_value_bool(env, values[3], &resumed);
  return {number(env, values[0]), number(env, values[1]), {message, message + size}, resumed};
}

// alone(certificate, key, connections, messages, message, resumed): [handshake, message] in microseconds, and how many
// of the connections were resumed.
napi_value alone(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value values[6];
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  const Plan plan = plan_of(env, values + 2);
  const Context server = server_context(text(env, values[0]), text(env, values[1]));
  const Context client(SSL_CTX_new(TLS_client_method()));
  Cost cost;
  if (server == nullptr || !serve_alone(server.get(), client.get(), plan, &cost)) {
    napi_throw_error(env, nullptr, "TLS through memory has failed");
    return nullptr;
  }
  napi_value result;
  napi_create_array(env, &result);
  const double figures[] = {cost.handshake / plan.connections, cost.messages / plan.connections / plan.messages,
                            static_cast<double>(cost.resumed)};
  for (uint32_t i = 0; i < 3; i++) {
    napi_value figure;
    napi_create_double(env, figures[i], &figure);
    napi_set_element(env, result, i, figure);
  }
  return result;
}

// clients(port, tls, connections, messages, message, resumed)
napi_value clients(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value values[6];
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  bool tls = false;
  napi_get_value_bool(env, values[1], &tls);
  const Context client(tls ? SSL_CTX_new(TLS_client_method()) : nullptr);
  if (!ask(static_cast<uint16_t>(number(env, values[0])), client.get(), plan_of(env, values + 2))) {
    napi_throw_error(env, nullptr, "a connection has failed");
  }
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "alone", NAPI_AUTO_LENGTH, alone, nullptr, &function);
  napi_set_named_property(env, exports, "alone", function);
  napi_create_function(env, "clients", NAPI_AUTO_LENGTH, clients, nullptr, &function);
  napi_set_named_property(env, exports, "clients", function);
  return exports;
}
