// Times as Python prints them, in the time zone of the process and with English names.
import type { Millis } from '../../../domain/time.ts'

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (value: number): string => String(value).padStart(2, '0')

/** `0:00:37`, `1 day, 2:03:04`, `12 days, 0:00:05`; below zero it is nothing. Python: str(timedelta). */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const count = Math.floor(whole / 86_400)
  const clock = `${Math.floor((whole % 86_400) / 3_600)}:${two(Math.floor((whole % 3_600) / 60))}:${two(whole % 60)}`
  return count === 0 ? clock : `${count} day${count === 1 ? '' : 's'}, ${clock}`
}

/** `Nov 22 02:35 AM`. Python: strftime('%b %d %I:%M %p'). */
export function shortTime(at: Millis): string {
  const date = new Date(at)
  const hour = date.getHours()
  return `${months[date.getMonth()] ?? ''} ${two(date.getDate())} ${two(hour % 12 || 12)}:${two(date.getMinutes())} ${hour < 12 ? 'AM' : 'PM'}`
}

/** `Sun Nov 22 02:41:07 2026`. Python: time.ctime. */
export function longTime(at: Millis): string {
  const date = new Date(at)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const day = String(date.getDate()).padStart(2)
  return `${days[date.getDay()] ?? ''} ${months[date.getMonth()] ?? ''} ${day} ${clock} ${date.getFullYear()}`
}
