{
  'variables': {
    # -Dportable=true: one system call a datagram, as on systems without recvmmsg and sendmmsg.
    'portable%': 'false',
    # -Dsanitizer=address or thread: test/sanitized.sh.
    'sanitizer%': 'none',
  },
  'targets': [
    {
      'target_name': 'multisocket',
      'sources': [
        'native/addon.cc',
        'native/admission.cc',
        'native/answer_cache.cc',
        'native/answer_cache_object.cc',
        'native/answer_cache_shard.cc',
        'native/answer_front_object.cc',
        'native/cache_key.cc',
        'native/cached_answer.cc',
        'native/client_options.cc',
        'native/datagram_batch.cc',
        'native/descriptor_channel.cc',
        'native/descriptor_channel_object.cc',
        'native/frames.cc',
        'native/guard.cc',
        'native/guard_object.cc',
        'native/layout_description.cc',
        'native/message_view.cc',
        'native/names.cc',
        'native/rate_limiter.cc',
        'native/records.cc',
        'native/reuseport.cc',
        'native/server_cookies.cc',
        'native/socket.cc',
        'native/system_error.cc',
        'native/thread_pin.cc',
        'native/udp_client.cc',
        'native/udp_client_object.cc',
        'native/udp_endpoint.cc',
        'native/udp_endpoint_object.cc',
        'native/upstream_answer.cc',
        'native/waiting_queries.cc',
      ],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
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
          {'sources': ['native/datagram_io_mmsg.cc']},
          {'sources': ['native/datagram_io_portable.cc']},
        ],
        # Its waits and its pinning are Linux's own.
        [
          'OS=="linux"',
          {
            'defines': ['MULTISOCKET_LOAD_GENERATOR'],
            'sources': [
              'native/load_generator.cc',
              'native/load_generator_object.cc',
              'native/load_ledger.cc',
              'native/load_tcp.cc',
              'native/load_udp.cc',
            ],
          },
        ],
      ],
    },
  ],
}
