/** How tests, bench and pictures start Debian's Chromium, or the one of $CHROMIUM. */
export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
};
