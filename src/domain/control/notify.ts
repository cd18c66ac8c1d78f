// sd_notify(3) in the words of the control channel.

/** The messages within one datagram, as lines of the control channel; what has no meaning here is passed over. */
export function notifyLines(datagram: string): readonly string[] {
  return datagram.split('\n').flatMap((assignment) => {
    const at = assignment.indexOf('=')
    const value = assignment.slice(at + 1)
    switch (assignment.slice(0, Math.max(0, at))) {
      case 'READY':
        return value === '1' ? ['{"type":"ready"}'] : []
      case 'STOPPING':
        return value === '1' ? ['{"type":"stopping"}'] : []
      case 'WATCHDOG':
        return value === '1' ? ['{"type":"heartbeat"}'] : []
      case 'STATUS':
        return [JSON.stringify({ type: 'state', text: value })]
      default:
        return []
    }
  })
}
