interface Search {
  /** Sockets of an agent that are looked for where nobody names a server. */
  readonly places: readonly string[]
  /** CONTROL_SOCKET names the only place. */
  readonly named: boolean
}

/**
 * What to do where nobody answers to `pidpiper ctl`.
 * @param serverurl who was asked
 */
export const noAgentText = (serverurl: string, { places, named }: Search): string =>
  [
    `No agent answers at ${serverurl}: is it running, and CONTROL_SOCKET not off?`,
    'Another is named by -s unix:///PATH, by -s http://HOST:PORT (with -u USER -p PASSWORD), or by -c FILE.',
    ...(named ? ['Without these it is the one that CONTROL_SOCKET names, and no other.'] : searched(places)),
  ].join('\n')

const searched = (places: readonly string[]): string[] => [
  places.length === 0
    ? 'Without these, and with CONTROL_SOCKET=off, it is'
    : `Without these it is the first that is there of ${places.join(', ')} (CONTROL_SOCKET names another),`,
  'what the supervisord.conf says that is found, and http://localhost:9001.',
]

/** What to do where a server answers that has no XML-RPC for us. */
export const noControlText = (serverurl: string): string =>
  `What answers at ${serverurl} gives nobody control. An agent does with CONTROL_USER and CONTROL_PASSWORD set: ` +
  'ctl takes them as -u USER -p PASSWORD. On its own machine its control socket needs neither.'
