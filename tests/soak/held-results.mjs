// @ts-check

/**
 * How many characters of results the agent holds for those who asked for them.
 * @param {string} url The agent's.
 * @returns {Promise<number>}
 */
export async function readHeldCharacters(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = /^porthole_command_results_held_characters (\d+)$/m.exec(text)?.[1];
  if (value === undefined) throw new Error('the agent does not say what it holds');
  return Number(value);
}
