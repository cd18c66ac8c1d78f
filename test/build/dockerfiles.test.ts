import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { version } from '../../src/version.ts'

const project = join(import.meta.dirname, '..', '..')
const read = (...path: string[]): string => readFileSync(join(project, ...path), 'utf8')

/** The manual's Dockerfile from its second stage on. */
const printed = String.raw`# final image
FROM python:3.7
COPY --from=downloader /opt/supervisor /opt/supervisor
# setup supervisor as entrypoint
ENTRYPOINT ["/opt/supervisor"]
# (call python with main script and provide it ref to model file which is expected to be mounted at /var/model)
CMD ["--bin", "python3", "--args", "/opt/app/io_main.py,/var/model"]
# py env setup
ENV PYTHONPATH "/opt/app:${'$'}{PYTHONPATH}"
EXPOSE 8080
# dependencies
COPY requirements constraints /opt/app/
RUN pip install --no-cache-dir -r /opt/app/requirements -c /opt/app/constraints
# version info
ARG PLATFORM_VERSION=unknown
ENV PLATFORM_VERSION $PLATFORM_VERSION
# sources
COPY src /opt/app
`

test('the example differs from the manual in its download stage alone', () => {
  const text = read('examples', 'manual', 'Dockerfile')
  assert.ok(text.startsWith('FROM python:3.7 AS downloader\n'))
  assert.equal(text.slice(text.indexOf('# final image')), printed)
})

test('the image carries the version of the project', () => {
  assert.match(read('Dockerfile'), new RegExp(`^ARG PIDPIPER_VERSION=${version}$`, 'm'))
})
