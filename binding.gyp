{
  'variables': {
    # -Dportable=true: one system call a datagram, as on systems without recvmmsg and sendmmsg, and no TcpEndpoint.
    'portable%': 'false',
    # -Dsanitizer=address or thread: test/sanitized.sh.
    'sanitizer%': 'none',
  },
  'targets': [
    {
      'target_name': 'multisocket',
      'sources': [
        'native/node/addon.cc',
        'native/node/async_object.cc',
        'native/message/admission.cc',
        'native/cache/answer_cache.cc',
        'native/node/answer_cache_object.cc',
        'native/cache/answer_cache_shard.cc',
        'native/node/answer_front_object.cc',
        'native/cache/answer_draft.cc',
        'native/cache/answer_kind.cc',
        'native/cache/block_arena.cc',
        'native/cache/cache_key.cc',
        'native/cache/cache_state.cc',
        'native/cache/cached_answer.cc',
        'native/cache/epochs.cc',
        'native/cache/reader_notes.cc',
        'native/cache/shared_mapping.cc',
        'native/guard/client_options.cc',
        'native/udp/datagram_receiver.cc',
        'native/udp/datagram_sender.cc',
        'native/net/descriptor_channel.cc',
        'native/node/descriptor_channel_object.cc',
        'native/tcp/frames.cc',
        'native/guard/guard.cc',
        'native/node/guard_object.cc',
        'native/node/layout_description.cc',
        'native/message/message_view.cc',
        'native/message/names.cc',
        'native/message/records.cc',
        'native/guard/rate_limiter.cc',
        'native/net/local_datagram.cc',
        'native/net/reuseport.cc',
        'native/guard/server_cookies.cc',
        'native/loop/poll_engine.cc',
        'native/net/socket.cc',
        'native/node/stream_admission_object.cc',
        'native/node/system_error.cc',
        'native/net/thread_pin.cc',
        'native/upstream/query_sender.cc',
        'native/upstream/udp_client.cc',
        'native/node/udp_client_object.cc',
        'native/udp/udp_endpoint.cc',
        'native/node/udp_endpoint_object.cc',
        'native/upstream/upstream_answer.cc',
        'native/upstream/waiting_queries.cc',
      ],
      'include_dirs': ['native', "<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # A worker thread that is being terminated can throw nothing any more, which is no reason to end the process.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags_cc': ['-std=c++17', '-O3', '-Wall', '-Wextra', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fexceptions'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
      },
      'conditions': [
        [
          'sanitizer!="none"',
          {
            'cflags_cc': ['-fsanitize=<(sanitizer)', '-fno-omit-frame-pointer', '-g', '-O1'],
            'ldflags': ['-fsanitize=<(sanitizer)'],
          },
        ],
        [
          'OS in "linux freebsd" and portable=="false"',
          {'sources': ['native/udp/datagram_io_mmsg.cc']},
          {'sources': ['native/udp/datagram_io_portable.cc']},
        ],
        # It works with epoll. Elsewhere Node's `net` accepts connections.
        [
          'OS=="linux" and portable=="false"',
          {
            'defines': ['MULTISOCKET_TCP_ENDPOINT'],
            'sources': [
              'native/tcp/connection.cc',
              'native/tcp/connection_limits.cc',
              'native/tcp/query_batch.cc',
              'native/tcp/tcp_connections.cc',
              'native/tcp/tcp_connections_send.cc',
              'native/tcp/tcp_connections_stream.cc',
              'native/tcp/tcp_endpoint.cc',
              'native/node/tcp_endpoint_object.cc',
            ],
          },
        ],
        # Its waits and its pinning are Linux's own.
        [
          'OS=="linux"',
          {
            'defines': ['MULTISOCKET_LOAD_GENERATOR'],
            'sources': [
              'native/load/load_generator.cc',
              'native/node/load_generator_object.cc',
              'native/load/load_ledger.cc',
              'native/load/load_tcp.cc',
              'native/load/load_udp.cc',
            ],
          },
        ],
      ],
    },
  ],
}
