import type { Admin, Kafka } from 'kafkajs'
import { closedError, errorType } from './errors.ts'

/**
 * One kafkajs admin connection, made when it is first needed and thrown away after a failure: an admin goes on asking
 * for every topic it was ever asked about, so one that was deleted would break all later requests.
 */
export class AdminConnection {
  readonly #kafka: Kafka
  #admin: Promise<Admin> | null = null
  #closed = false

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** Runs one request without retries. Rejects with kafkajs's error. */
  async ask<T>(request: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError()
    this.#admin ??= this.#connect()
    const connection = this.#admin
    try {
      return await request(await connection)
    } catch (error) {
      if (this.#admin === connection) this.#admin = null
      void disconnect(connection)
      throw error
    }
  }

  /**
   * Partition count of a topic, or null if it does not exist (or is hidden from this user).
   * Rejects with kafkajs's error for anything else.
   */
  async partitionCount(topic: string): Promise<number | null> {
    try {
      const { topics } = await this.ask((admin) => admin.fetchTopicMetadata({ topics: [topic] }))
      return topics.find(({ name }) => name === topic)?.partitions.length ?? null
    } catch (error) {
      if (errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return null
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const connection = this.#admin
    this.#admin = null
    if (connection) await disconnect(connection)
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin({ retry: { retries: 0 } })
    try {
      await admin.connect()
    } catch (error) {
      await admin.disconnect()
      throw error
    }
    return admin
  }
}

/** The error that matters was told to whoever asked; what kafkajs says while it hangs up is of no use to anybody. */
const disconnect = async (connection: Promise<Admin>): Promise<void> =>
  connection.then((admin) => admin.disconnect()).catch(() => undefined)
