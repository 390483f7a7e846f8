export const MAX_NAME_LENGTH = 200;

/** Whether the server accepts the length of a store's name. It counts characters, not UTF-16 code units. */
export const isValidName = (name: string) => name !== "" && [...name].length <= MAX_NAME_LENGTH;

/** Whether it is an https URL without credentials, or one of this machine, for development. */
export const isValidUrl = (url: string) =>
  /^(https:\/\/[^\s/]|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/i.test(url) &&
  !/[\s\\]|^[^/]*\/\/[^/?#]*@/.test(url) &&
  URL.canParse(url);
