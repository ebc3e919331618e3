# leadmock with PostgreSQL support; compose.yaml shows how to run it for a team.
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY specs specs
COPY contract_tests contract_tests
COPY mockserver mockserver
RUN pip install --no-cache-dir --constraint constraints.txt '.[postgres]' \
    && python -m compileall -q /usr/local/lib/python3.11/site-packages/mockserver
USER nobody
EXPOSE 8080
ENTRYPOINT ["leadmock"]
CMD ["serve", "--host", "0.0.0.0"]
