export const label = 'an address bound to an interface (SO_BINDTODEVICE)';
export const load = 'udp-bursts';
export const options = (port) => ({
  off: {},
  on: { listen: { address: '127.0.0.1', port: Number(port), interface: 'lo' } },
});
