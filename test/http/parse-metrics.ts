// The Prometheus text format, read strictly: a line that is none of the known forms throws.
export function parseMetrics(text: string): { samples: Map<string, number>; types: Map<string, string> } {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line)
    const sample =
      /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})?) (NaN|[+-]Inf|-?[\d.]+(?:e[+-]?\d+)?)$/.exec(
        line,
      )
    if (type?.[1] !== undefined) types.set(type[1], type[2] ?? '')
    else if (sample?.[1] !== undefined) samples.set(sample[1], Number(sample[2]))
    else if (!line.startsWith('# HELP ')) throw new Error(`no line of the format: ${line}`)
  }
  return { samples, types }
}
