"""A page of results in a browser, and what it does there that it should not."""

POINTS = "[...document.querySelector('.chart').data].filter(t => t.mode === 'markers' && t.customdata)"


class Opened:
    """A page, and what it did that it should not."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.offences, self.path = [], path
        self.page.on("console", lambda message: self.offences.append(message.text))
        self.page.on("pageerror", lambda error: self.offences.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.offences.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".chart .scatterlayer, #experiment img")

    def _asked(self, url):
        if url != self.path.as_uri() and not url.startswith(("data:", "blob:")):
            self.offences.append(url)

    def chosen(self, label, value):
        self.page.select_option(f'#experiment select[data-filter="{label}"]', value)

    def points(self):
        """Numbers of rows that are drawn."""
        return self.page.evaluate(f"{POINTS}.flatMap(t => t.customdata)")
