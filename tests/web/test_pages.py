"""The start page of development mode."""


def test_start_page_lists_the_addresses_under_the_banner(web):
    page = web.get("/").get_data(as_text=True)
    assert "DEVELOPMENT MODE" in page
    assert "http://127.0.0.1:5005/cds-services/cervical-mri" in page


def test_production_has_no_start_page(production):
    assert production.get("/").status_code == 404
