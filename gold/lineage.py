"""Which data sets the marts are made of."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from bronze.models import Document
from gold.models import (
    AnyModel,
    CityPayroll,
    CohortRetention,
    Customer360,
    DailyRevenue,
    DepartmentHeadcount,
    DepartmentHires,
    EventFunnel,
    EventsByType,
    FilledRevenue,
    HiresByQuarter,
    LoginsByUser,
    MonthlyFunnel,
    MonthlyOrders,
    MonthlyRevenue,
    OrderSpend,
    OwnedDocument,
    RevenueByCurrency,
    RevenueByStatus,
    TopSpender,
    UserDay,
    UserEmployer,
    UserMonth,
    UserProfile,
    UsersByBank,
    UsersByEmployer,
    UsersByPostalCode,
)
from silver.lineage import datasets_of as datasets_of_star
from silver.models import (
    DimBank,
    DimDepartment,
    DimJob,
    DimUser,
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
)

DOCUMENTS = "documents"

_ORDERS = (
    DailyRevenue,
    FilledRevenue,
    MonthlyRevenue,
    MonthlyOrders,
    RevenueByStatus,
    RevenueByCurrency,
    OrderSpend,
    UserMonth,
    CohortRetention,
)
_EVENTS = (EventsByType, EventFunnel, MonthlyFunnel, UserDay)

READ: Mapping[AnyModel, tuple[AnyModel, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_ORDERS, (FactOrderLine,)),
        **dict.fromkeys(_EVENTS, (FactEvent,)),
        TopSpender: (FactOrderLine, DimUser),
        LoginsByUser: (FactEvent, DimUser),
        HiresByQuarter: (FactHire, DimDepartment, DimJob),
        DepartmentHires: (FactHire, DimDepartment),
        DepartmentHeadcount: (FactHire, DimDepartment),
        UserProfile: (DimUser, DimBank, FactEmployment, DimJob),
        UserEmployer: (DimUser, FactEmployment),
        UsersByBank: (DimUser, DimBank),
        UsersByEmployer: (DimUser, FactEmployment),
        UsersByPostalCode: (DimUser,),
        CityPayroll: (DimUser, FactEmployment),
        OwnedDocument: (Document,),
        Customer360: (DimUser, FactEmployment, DimJob, FactOrderLine, FactEvent, Document),
    }
)
"""Table -> the facts and dimensions without which it would be another one; names that are read along with it included."""


@cache
def datasets_of(model: AnyModel) -> frozenset[str]:
    """The data sets whose values are in the rows."""
    return frozenset().union(
        *({DOCUMENTS} if read is Document else datasets_of_star(read) for read in READ[model])
    )
