/** supervisorctl refuses to work with any other one. */
export const API_VERSION = '3.0'

/** The release whose behaviour this face reproduces; clients ask for it, the page shows it. */
export const SUPERVISOR_VERSION = '4.2.5'
