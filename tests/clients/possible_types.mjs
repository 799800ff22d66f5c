// Types of interfaces and unions, as Apollo's documentation reads them.
export const possibleTypes = async (address) => {
  const query = "{ __schema { types { kind name possibleTypes { name } } } }";
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { types } = (await response.json()).data.__schema;
  const abstract = types.filter((type) => type.possibleTypes);
  return Object.fromEntries(abstract.map(({ name, possibleTypes }) => [name, possibleTypes.map((type) => type.name)]));
};
