// API keys, access tokens (JWT) and the codes of token links. In JSON, they may follow an escape such as `\n`, whose
// letter would otherwise count as part of the word.
const CREDENTIALS = /(?<=\b|\\[bfnrt])(?:rk_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+|[0-9a-hjkmnp-tv-z]{52})(?!\w)/g;

export const redactCredentials = (text: string) => text.replace(CREDENTIALS, "REDACTED");
