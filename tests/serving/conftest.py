from tests.view.page.fixtures import browser as browser
