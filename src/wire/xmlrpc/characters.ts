/** A character that XML 1.0 cannot carry, not even as a reference; lone surrogates too. */
export const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

export const REPLACEMENT = '\ufffd'
