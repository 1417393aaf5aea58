// One line a test, the fault below it, and the figures at the end.

export default async function* report(events) {
  let [passed, failed, skipped] = [0, 0, 0];
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const is_file = data.details?.type === "suite" || /\.js$/.test(data.name);
    if (is_file && type === "test:pass") continue;
    if (data.skip !== undefined) {
      skipped += 1;
      yield `skip  ${data.name} (${data.skip})\n`;
    } else if (type === "test:pass") {
      passed += 1;
      yield `ok    ${data.name}\n`;
    } else {
      failed += 1;
      const fault = data.details.error?.cause ?? data.details.error;
      yield `FAIL  ${data.name}\n${String(fault?.stack ?? fault).replace(/^/gm, "      ")}\n`;
    }
  }
  yield `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
}
