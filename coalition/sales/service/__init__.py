"""Use cases of sales: stating them one by one or in batches, claiming and moving them."""

from coalition.sales.service.answer import SaleAnswer, answer_of
from coalition.sales.service.claims import assign_sale
from coalition.sales.service.put import put_sale, put_sales

__all__ = ["SaleAnswer", "answer_of", "assign_sale", "put_sale", "put_sales"]
