// Where test/run.ts started the real services. A test file that needs one passes the option to its tests:
//   test('joins the group', needsKafka, async (t) => { const brokers = [kafkaAddress()] … })
import process from 'node:process'

const option = (variable: string): { skip: string | false } => ({
  skip: process.env[variable] === undefined && `${variable} is not set: run it with node test/run.ts FILE`,
})

export const needsKafka = option('TEST_KAFKA')
export const needsConsul = option('TEST_CONSUL')
export const needsBinary = option('TEST_BINARY')

/** `host:port` of the broker. */
export const kafkaAddress = (): string => address('TEST_KAFKA')
/** `http://host:port` of the Consul agent. */
export const consulAddress = (): string => address('TEST_CONSUL')

function address(variable: string): string {
  const value = process.env[variable]
  if (value === undefined) throw new Error(`${variable} is not set: run the file with node test/run.ts FILE`)
  return value
}
