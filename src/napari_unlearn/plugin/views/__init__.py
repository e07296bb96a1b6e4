"""What the user sees. A view emits requests and shows what it is told; it knows neither document nor layers."""
