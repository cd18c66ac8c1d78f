import assert from 'node:assert/strict'
import { test } from 'node:test'
import { misspelt } from '../../src/config/misspelt.ts'
import { fileForms } from '../../src/config/read.ts'
import { laterVariables, variables } from '../../src/config/variables.ts'

const meant: Readonly<Record<string, string>> = {
  KAFKA_BROKER: 'KAFKA_DSN',
  KAFKA_BOOTSTRAP_SERVERS: 'KAFKA_DSN',
  CONSUL_HTTP_ADDR: 'CONSUL_DSN',
  SHUTDOWN_GRACE: 'SHUTDOWN_GRACEPERIOD',
  SHUTDOWN_GRACE_PERIOD: 'SHUTDOWN_GRACEPERIOD',
  INPUT_TOPIC: 'INPUT_TOPICS',
  OUTPUT_TOPICS: 'OUTPUT_TOPIC',
  OUPUT_TOPIC: 'OUTPUT_TOPIC',
  KAKFA_DSN: 'KAFKA_DSN',
  kafka_dsn: 'KAFKA_DSN',
  KAFKA_TLS_CA: 'KAFKA_TLS_CA_FILE',
  KAFKA_SASL_PASWORD: 'KAFKA_SASL_PASSWORD',
  KAFKA_SASL_PASWORD_FILE: 'KAFKA_SASL_PASSWORD_FILE',
  CALCULATOR_ARGS: '--args',
  CONTROL_SOCKT: 'CONTROL_SOCKET',
  LOG_COLOR: 'LOG_COLORS',
  NODEID: 'NODE_ID',
  MAXLINE: 'MAX_LINE',
  LOGLEVEL: 'LOG_LEVEL',
  PIDPIPER_LOG_LEVEL: 'LOG_LEVEL',
  CALCULATOR_RETRIES: 'CALCULATOR_STARTRETRIES',
  NODE_ID_FILE: 'NODE_ID, which has no _FILE form',
}

test('a misspelt variable is a warning with the nearest name, and without its value', () => {
  for (const [name, use] of Object.entries(meant)) {
    assert.deepEqual(misspelt({ [name]: 'value-of-it' }), [`${name} is not known and has no effect: use ${use}`])
  }
})

test('variables of others, and what Kubernetes sets for a service called kafka, are left alone', () => {
  const others = [
    ...[
      'PATH',
      'HOME',
      'PYTHONPATH',
      'LS_COLORS',
      'LOGNAME',
      'LANG',
      'NO_COLOR',
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'no_proxy',
    ],
    ...[
      'NODE_ENV',
      'NODE_OPTIONS',
      'NODE_VERSION',
      'NODE_NAME',
      'NODE_IP',
      'POD_NAMESPACE',
      'POD_IPS',
      'MODEL',
      'DEBUG',
    ],
    ...['KUBERNETES_PORT', 'KUBERNETES_SERVICE_HOST', 'KAFKA_PORT', 'KAFKA_SERVICE_HOST', 'KAFKA_SERVICE_PORT'],
    ...[
      'KAFKA_SERVICE_PORT_TCP_CLIENT',
      'KAFKA_PORT_9092_TCP',
      'KAFKA_PORT_9092_TCP_ADDR',
      'CONSUL_PORT_8500_TCP_PROTO',
    ],
    ...['KAFKA_HOME', 'KAFKA_HEAP_OPTS', 'INPUT_DIR', 'OUTPUT_DIR', 'LOG_DIR', 'LOG_FILE', 'constructor', '__proto__'],
  ]
  for (const name of others) assert.deepEqual(misspelt(Object.fromEntries([[name, 'tcp://10.0.0.1:9092']])), [], name)
})

test('our own names, those of later versions and the _FILE forms are known; an empty text is unset', () => {
  const ours = [...Object.keys(variables), ...Object.keys(laterVariables), ...fileForms.keys()]
  assert.deepEqual(misspelt(Object.fromEntries(ours.map((name) => [name, 'x']))), [])
  assert.deepEqual(misspelt({ KAFKA_BROKER: '' }), [])
})
