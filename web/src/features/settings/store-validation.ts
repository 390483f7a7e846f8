export const MAX_NAME_LENGTH = 200;
export const MAX_HOSTS = 20;

/** Whether the server accepts the length of a store's name. It counts characters, not UTF-16 code units. */
export const isValidName = (name: string) => name !== "" && [...name].length <= MAX_NAME_LENGTH;

/** Whether it is an https URL without credentials, or one of this machine, for development. */
export const isValidUrl = (url: string) =>
  /^(https:\/\/[^\s/]|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/i.test(url) &&
  !/[\s\\]|^[^/]*\/\/[^/?#]*@/.test(url) &&
  URL.canParse(url);

/** The hosts in the text, one per line or separated by commas, as the server stores them. */
export const parseHosts = (text: string) =>
  [
    ...new Set(
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    ),
  ].sort();

/** Whether they are hostnames, without a scheme, port or path. */
export const areValidHosts = (hosts: string[]) =>
  hosts.length >= 1 &&
  hosts.length <= MAX_HOSTS &&
  hosts.every((host) => !/[/:?#@*\\[\]]/.test(host) && URL.canParse(`https://${host}/`));
