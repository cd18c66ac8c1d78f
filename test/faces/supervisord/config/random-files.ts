// Configurations by chance: mostly sound, with a slip here and there, in every way the grammar allows.
import fc from 'fast-check'

const whole = ['0', '1', '3', '-1', '10', ' 7', '1_0', '+2', '%(ENV_NUMBER)s']
const bools = ['true', 'False', 'on', 'OFF', '1', '0', 'yes', 'no']
const sizes = ['0', '1KB', '50MB', '1gb', '77', '2Mb']
const texts = [
  'cat',
  '/bin/cat "a b" \'c\'',
  'sh -c "echo a ; echo b"',
  'x a;b a#b #c ;d',
  'a\tb ;c',
  'echo %(program_name)s %(group_name)s %(here)s',
  'echo %(ENV_FOO)s %% 100%%',
  'echo %(process_num)02d/%(numprocs)d',
  '%(process_num)05.2f|%(process_num)-4d|%(process_num)+d|%(process_num)x|%(program_name)10s|%(program_name).2s',
  'naïve ☃ 𝄞',
  '"unclosed',
  '',
]
const logs = [
  'AUTO',
  'none',
  'OFF',
  'syslog',
  '/tmp/%(program_name)s.log',
  'x.log',
  '~/y.log',
  '/dev/stdout',
  '/tmp/%(process_num)d',
  '/tmp/50%%%%',
]
const users = ['root', '0', 'daemon', '1']
const environments = [
  'A=1',
  'A="1,2",B=\'x y\'',
  'A=%(ENV_FOO)s,B=%(process_num)d',
  'PATH="/opt/bin:%(ENV_PATH)s"',
  'A=1,\n  B=2',
  'A=a"b,C=c"d',
  'A=x#y,B=z',
  'A=',
  'A',
  'A=1 B=2',
  'A="",B=""',
  '__proto__=x',
  '"A"=1',
  '',
]

const sound: Readonly<Record<string, readonly string[]>> = {
  command: texts,
  process_name: [
    '%(program_name)s',
    '%(program_name)s_%(process_num)02d',
    'p%(process_num)d',
    '%(group_name)s-%(process_num)s',
  ],
  numprocs: ['0', '1', '2', '11'],
  numprocs_start: ['0', '5', '-1'],
  directory: ['/tmp', '/nowhere', '%(here)s', '~', '%(ENV_A)s', '/x/%(process_num)d'],
  umask: ['022', '0o77', '7', ' 02'],
  priority: whole,
  autostart: bools,
  autorestart: [...bools, 'unexpected', 'Unexpected'],
  startsecs: whole,
  startretries: whole,
  exitcodes: ['0', '0,2', '', '1, 2 ,3', '255'],
  stopsignal: ['TERM', 'sigint', 'HUP', '9', 'SIGUSR2', 'rtmin', 'CLD'],
  stopwaitsecs: whole,
  stopasgroup: ['true', 'false'],
  killasgroup: ['true'],
  user: users,
  redirect_stderr: bools,
  stdout_logfile: logs,
  stderr_logfile: logs,
  stdout_logfile_maxbytes: sizes,
  stderr_logfile_backups: whole,
  stdout_capture_maxbytes: sizes,
  stderr_events_enabled: bools,
  stdout_syslog: bools,
  environment: environments,
  serverurl: ['AUTO', 'auto ', 'http://x:1', ''],
}

const ofSettings: Readonly<Record<string, readonly string[]>> = {
  logfile: ['/tmp/s.log', 's.log', '%(here)s/a.log', 'syslog'],
  logfile_maxbytes: sizes,
  loglevel: ['info', 'DEBUG', 'blather', 'warn'],
  pidfile: ['/tmp/s.pid', '~/s.pid'],
  umask: ['022', '77'],
  nodaemon: bools,
  minfds: whole,
  childlogdir: ['/tmp', '%(here)s'],
  user: users,
  directory: ['/tmp', '~'],
  environment: environments.filter((text) => !text.includes('%')),
  identifier: ['one', 'a b %(here)s'],
  strip_ansi: bools,
}

const bySection: readonly (readonly [string, Readonly<Record<string, readonly string[]>>])[] = [
  ['supervisord', ofSettings],
  ['program:a', sound],
  ['program:b', sound],
  ['program:a', sound],
  [
    'fcgi-program:f',
    { ...sound, socket: ['tcp://localhost:9000', 'unix:///tmp/%(program_name)s.sock'], socket_backlog: ['5'] },
  ],
  [
    'eventlistener:l',
    {
      ...sound,
      redirect_stderr: ['false'],
      events: ['TICK_5', 'tick_60, EVENT', 'PROCESS_STATE'],
      buffer_size: ['1', '50'],
    },
  ],
  ['group:g', { programs: ['a', 'a, b', 'b', 'b,a'], priority: whole }],
  ['inet_http_server', { port: ['9001', '*:1', 'LocalHost:80', ':65535'], username: ['u'], password: ['p;q'] }],
  [
    'unix_http_server',
    { file: ['/tmp/s.sock', '%(here)s/../x.sock', '~/t'], chmod: ['0700', '770'], chown: ['root', 'root:root', '0:0'] },
  ],
  ['DEFAULT', { priority: ['7'], autostart: bools, startsecs: whole }],
  ['other thing', { anything: texts }],
]

const wrong = [
  'maybe',
  'abc',
  '-',
  '5xb',
  '9',
  '%',
  '%(nope)s',
  '%(here',
  '%(here)d',
  '%(here)z',
  '%(process_num)*d',
  '%z',
  '50%',
  '0,300',
  'FOO',
  'a:b',
  'bad x',
  "it's",
  '"',
  '/no/such/x',
  'nosuch',
  'A,B',
  '1,2,,',
  '\u00a0 5 ',
  '%(a(b)c)s',
  '%()s',
  '%(here)c',
]

const separator = fc.constantFrom('=', ' = ', ':', '\t=\t', ' : ')
const ending = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  fc.constantFrom(' ; note', ' # note', ';x', '  ', '\t'),
)
const indent = fc.oneof({ weight: 50, arbitrary: fc.constant('') }, fc.constantFrom(' ', '    '))

const keyLine = (keys: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<string> =>
  fc
    .constantFrom(...Object.entries(keys))
    .chain(([key, values]) =>
      fc.tuple(
        indent,
        fc.constantFrom(key, key, key, key.toUpperCase()),
        separator,
        fc.oneof(
          { weight: 60, arbitrary: fc.constantFrom(...values) },
          { weight: 1, arbitrary: fc.constantFrom(...wrong) },
        ),
        ending,
      ),
    )
    .map((parts) => parts.join(''))

const oddLine = fc.constantFrom(
  '',
  '',
  '  ',
  '; a comment',
  '# another',
  '   ; indented',
  '   continued',
  '\tmore ; cut',
  'startsec=15',
  'Über=1',
)
const brokenLine = fc.constantFrom('no separator', '=value', '[unclosed', '[]', ':x', ' [x', 'a\u2028b')

const section: fc.Arbitrary<string> = fc.constantFrom(...bySection).chain(([name, keys]) =>
  fc
    .array(
      fc.oneof(
        { weight: 40, arbitrary: keyLine(keys) },
        { weight: 8, arbitrary: oddLine },
        { weight: 1, arbitrary: fc.oneof({ weight: 4, arbitrary: oddLine }, brokenLine) },
      ),
      { maxLength: 7 },
    )
    .map((lines) => {
      const required = { fcgi: 'socket=tcp://h:1', event: 'events=EVENT', inet_: 'port=1', unix_: 'file=/tmp/u' }
      const needed = Object.entries(required).flatMap(([start, line]) => (name.startsWith(start) ? [line] : []))
      const command = /^(program|fcgi|event)/.test(name)
        ? ['command=x', 'process_name=%(program_name)s%(process_num)s']
        : []
      return [`[${name}]`, ...needed, ...command, ...lines].join('\n')
    }),
)

/** A file that is likely to load, or to fail in one place. */
export const likelyFile: fc.Arbitrary<string> = fc
  .tuple(fc.array(section, { minLength: 1, maxLength: 7 }), fc.constantFrom('\n', '\n', '\n', '\r\n'), fc.boolean())
  .map(([sections, newline, late]) => {
    const parts = late
      ? [...sections, '[supervisord]']
      : ['[supervisord]', '[program:a]\ncommand=one', '[program:b]\ncommand=two', ...sections]
    return `${parts.join('\n')}\n`.replaceAll('\n', newline)
  })

/** Any lines at all, for the grammar alone. */
export const anyLines: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('[a]', '[b] x', ' [c]', '[a]b]', '[DEFAULT]', '[', ']', '[ ]'),
      fc
        .array(
          fc.constantFrom(
            'k',
            'K2',
            'v',
            '=',
            ':',
            ';',
            '#',
            ' ',
            '  ',
            '\t',
            '\u00a0',
            '\u2003',
            '\u001f',
            '\u0085',
            '%',
            '[',
            ']',
            '"',
            'é',
            '😀',
          ),
          { maxLength: 9 },
        )
        .map((parts) => parts.join('')),
    ),
    { maxLength: 12 },
  )
  .map((lines) => lines.join('\n'))
