/**
 * What to do where nobody answers to `pidpiper ctl`.
 * @param serverurl who was asked
 * @param places sockets of an agent that are looked for where nobody names a server
 */
export const noAgentText = (serverurl: string, places: readonly string[]): string =>
  [
    `No agent answers at ${serverurl}: is it running, and CONTROL_SOCKET not off?`,
    'Another is named by -s unix:///PATH, by -s http://HOST:PORT (with -u USER -p PASSWORD), or by -c FILE.',
    `Without these it is the first that is there of ${places.join(', ')} (CONTROL_SOCKET names another),`,
    'what the supervisord.conf says that is found, and http://localhost:9001.',
  ].join('\n')
