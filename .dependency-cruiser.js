// The floors of lib/, lowest first. A file imports only from its own floor and from floors below, types included.
const floors = [
  'errors.ts',
  'nearest.ts',
  'histogram.ts',
  'dns',
  'dnssec',
  'native',
  'message',
  'zone',
  'options',
  'socket',
  'worker',
  'forward',
  'server',
  'authority',
  'corefile',
  'directives',
  'run',
  'tune',
  'adapters',
  'index.ts',
  'sockets.ts',
  'forward.ts',
  'zone.ts',
  'cli',
  'cli.ts',
];
const pathOf = (floor) => `^lib/${floor.replace('.', '\\.')}${floor.endsWith('.ts') ? '$' : '/'}`;

/** One rule a floor: nothing in it may import from a floor above. */
const upward = floors.slice(0, -1).map((floor, i) => ({
  name: `only-down-from-${floor}`,
  comment: `lib/${floor} imports only from itself and from the floors below it.`,
  severity: 'error',
  from: { path: pathOf(floor) },
  to: { path: floors.slice(i + 1).map(pathOf) },
}));

export default {
  forbidden: [
    ...upward,
    { name: 'no-cycle', severity: 'error', from: { path: '^lib/' }, to: { circular: true } },
    {
      name: 'a-floor-for-each-file',
      comment: 'A new folder of lib/ is named in the list of floors.',
      severity: 'error',
      from: { path: '^lib/', pathNot: floors.map(pathOf) },
      to: {},
    },
    {
      name: 'from-floors-only',
      comment: 'A new folder of lib/ is named in the list of floors.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^lib/', pathNot: floors.map(pathOf) },
    },
  ],
  options: {
    // Imports as they stand in the source, so that type imports count.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
