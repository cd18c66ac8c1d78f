/** Control characters, but for tabs, as \xNN: they would move the cursor of the person who reads. */
export const visible = (text: string): string =>
  text.replace(/[^\P{Cc}\t]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
